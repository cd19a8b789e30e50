package dev.fairlead.peers.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.net.URL;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The rules of a module's packages: no cycle among those below its API package; all of them may use
 * the API package; from it only named entry classes use a package that is not exported.
 *
 * <pre>{@code
 * @Test
 * void packagesKeepTheRules() {
 *   ModuleRules.of(MqttTransport.class).entries("MqttTransport").check();
 * }
 * }</pre>
 */
public final class ModuleRules {
  private final String api;
  private final JavaClasses classes;
  private Set<String> exported = Set.of();
  private Set<String> entries = Set.of();

  private ModuleRules(String api, JavaClasses classes) {
    this.api = api;
    this.classes = classes;
  }

  /**
   * The rules of one module.
   *
   * @param member a class of the module's API package, outside of the tests
   * @return the rules, without entry classes
   */
  public static ModuleRules of(Class<?> member) {
    URL location = member.getProtectionDomain().getCodeSource().getLocation();
    // Classes of other modules are imported by name only, which is enough here and takes a tenth of
    // the time.
    JavaClasses classes =
        ArchConfiguration.withThreadLocalScope(
            (ArchConfiguration configuration) -> {
              configuration.setResolveMissingDependenciesFromClassPath(false);
              return new ClassFileImporter().importUrl(location);
            });
    return new ModuleRules(member.getPackageName(), classes);
  }

  /**
   * Names the packages below the API package that other modules may use.
   *
   * @param subpackages relative to the API package, for example {@code "spi"}
   * @return this
   */
  public ModuleRules exported(String... subpackages) {
    exported = qualified(subpackages);
    return this;
  }

  /**
   * Names the classes of the API package that may use a package that is not exported.
   *
   * @param simpleNames of top-level classes
   * @return this
   */
  public ModuleRules entries(String... simpleNames) {
    entries = qualified(simpleNames);
    return this;
  }

  private Set<String> qualified(String... names) {
    return List.of(names).stream().map(name -> api + "." + name).collect(Collectors.toSet());
  }

  /** Checks the rules; an {@link AssertionError} names each class that breaks one. */
  public void check() {
    checkCycles();
    checkEntries();
    checkNames();
  }

  private void checkCycles() {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return isBelow(type)
                    ? SliceIdentifier.of(type.getPackageName())
                    : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "packages below " + api;
              }
            })
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  private void checkEntries() {
    Set<String> wrong = new TreeSet<>();
    Set<String> unused = new TreeSet<>(entries);
    for (JavaClass type : classes) {
      if (!type.getPackageName().equals(api)) {
        continue;
      }
      String name = outermost(type).getName();
      for (Dependency use : type.getDirectDependenciesFromSelf()) {
        if (isInside(use.getTargetClass())) {
          unused.remove(name);
          if (!entries.contains(name)) {
            wrong.add(name + " uses " + use.getTargetClass().getName());
          }
        }
      }
    }
    if (!wrong.isEmpty() || !unused.isEmpty()) {
      throw new AssertionError(
          "Only the entry classes "
              + new TreeSet<>(entries)
              + " of "
              + api
              + " may use packages that are not exported. Others do: "
              + wrong
              + ". Entry classes that do not: "
              + unused);
    }
  }

  private void checkNames() {
    noClasses()
        .should()
        .haveNameMatching(".*(Impl|Manager|Utils?|Helper)(\\$.*)?")
        .orShould()
        .haveNameMatching(".*[.$](Abstract|Internal|Custom)[A-Z].*")
        .check(classes);
  }

  private boolean isBelow(JavaClass type) {
    return type.getPackageName().startsWith(api + ".") && !isForeign(type);
  }

  /** Packages of other modules may also start with the API package's name. */
  private boolean isForeign(JavaClass type) {
    return !classes.contain(type.getBaseComponentType().getName());
  }

  private boolean isInside(JavaClass type) {
    JavaClass base = type.getBaseComponentType();
    return isBelow(base) && !exported.contains(base.getPackageName());
  }

  private static JavaClass outermost(JavaClass type) {
    JavaClass outer = type;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer;
  }
}
