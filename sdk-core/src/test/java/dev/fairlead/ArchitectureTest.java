package dev.fairlead;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import dev.fairlead.peers.architecture.ModuleRules;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the compiled classes of the core may use, and how they may be named. */
class ArchitectureTest {
  private static final JavaClasses CORE = classesBeside(DeviceClient.class);
  private static final JavaClasses TESTS = classesBeside(ArchitectureTest.class);

  private static final String[] API = {
    "dev.fairlead", "dev.fairlead.auth", "dev.fairlead.policy", "dev.fairlead.spi"
  };

  /** The parts of the engine; none of them uses the engine. */
  private static final String[] FOUNDATION = {
    "dev.fairlead.auth",
    "dev.fairlead.json",
    "dev.fairlead.outbox",
    "dev.fairlead.policy",
    "dev.fairlead.retry",
    "dev.fairlead.spi",
    "dev.fairlead.threads",
    "dev.fairlead.transport"
  };

  private static final String[] ENGINE = {
    "dev.fairlead.client",
    "dev.fairlead.inbound",
    "dev.fairlead.pool",
    "dev.fairlead.session",
    "dev.fairlead.settings",
    "dev.fairlead.upload"
  };

  private static final String[] PLATFORM = {"java..", "javax.."};

  private static final DescribedPredicate<JavaClass> NAMES_A_TRANSPORT =
      describe(
          "name a protocol or a carrier",
          type -> type.isEquivalentTo(Protocol.class) || type.isEquivalentTo(Carrier.class));

  private static JavaClasses classesBeside(Class<?> type) {
    return new ClassFileImporter()
        .importUrl(type.getProtectionDomain().getCodeSource().getLocation());
  }

  @Test
  void onlyThePolicyTellsOneTransportFromAnother() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.fairlead.policy..")
        .and(DescribedPredicate.not(NAMES_A_TRANSPORT))
        .should()
        .accessFieldWhere(
            describe(
                "a constant of Protocol or Carrier",
                (JavaAccess<?> access) -> NAMES_A_TRANSPORT.test(access.getTargetOwner())))
        .because("routes are told apart by what they offer; options belong to their transport")
        .check(CORE);
  }

  @Test
  void usesNoTransport() {
    noClasses()
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                "dev.fairlead.mqtt..",
                "dev.fairlead.amqp..",
                "dev.fairlead.https..",
                "dev.fairlead.net..",
                "dev.fairlead.localhub.."))
        .check(CORE);
  }

  @Test
  void onlyJsonUsesGson() {
    classes()
        .that()
        .resideInAPackage("dev.fairlead.json..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(PLATFORM)
                .or(resideInAnyPackage("dev.fairlead..", "org.jspecify..", "com.google.gson..")))
        .check(CORE);
    classes()
        .that()
        .resideOutsideOfPackage("dev.fairlead.json..")
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(PLATFORM)
                .or(resideInAnyPackage("dev.fairlead..", "org.jspecify..", "org.slf4j..")))
        .check(CORE);
  }

  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(DeviceClient.class)
        .exported("auth", "policy", "spi")
        .entries(
            "ConnectionFields",
            "DeviceClientBuilder",
            "DeviceOptions",
            "GatewayBuilder",
            "GatewayDeviceBuilder",
            "OutboxBudget",
            "SessionOptions",
            "TwinProperties")
        .check();
  }

  @Test
  void everyPackageIsKnownHere() {
    classes()
        .should()
        .resideInAnyPackage(
            Stream.of(new String[] {"dev.fairlead"}, FOUNDATION, ENGINE)
                .flatMap(Stream::of)
                .toArray(String[]::new))
        .because("a new package needs its place in these rules")
        .check(CORE);
  }

  @Test
  void theFoundationUsesNoEngine() {
    noClasses()
        .that()
        .resideInAnyPackage(FOUNDATION)
        .should()
        .dependOnClassesThat(resideInAnyPackage(ENGINE))
        .check(CORE);
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.fairlead.json",
            "dev.fairlead.policy",
            "dev.fairlead.spi",
            "dev.fairlead.transport")
        .should()
        .dependOnClassesThat(resideInAnyPackage("dev.fairlead.outbox", "dev.fairlead.threads"))
        .check(CORE);
  }

  @Test
  void onlyTheApiUsesTheClient() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.fairlead", "dev.fairlead.client")
        .should()
        .dependOnClassesThat(resideInAPackage("dev.fairlead.client"))
        .check(CORE);
  }

  @Test
  void theApiExposesOnlyItselfAndThePlatform() {
    codeUnits()
        .that()
        .areDeclaredInClassesThat(belongToTheApi())
        .and()
        .doNotHaveModifier(JavaModifier.PRIVATE)
        .and()
        .doNotHaveModifier(JavaModifier.SYNTHETIC)
        .should(exposeOnlyApiTypes())
        .check(CORE);
    fields()
        .that()
        .areDeclaredInClassesThat(belongToTheApi())
        .and()
        .arePublic()
        .should(
            new ArchCondition<JavaField>("have a type of the API") {
              @Override
              public void check(JavaField field, ConditionEvents events) {
                report(field.getFullName(), field.getType(), events);
              }
            })
        .check(CORE);
    classes()
        .that(belongToTheApi())
        .should(
            new ArchCondition<JavaClass>("extend and implement only types of the API") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                type.getInterfaces().forEach(each -> report(type.getName(), each, events));
                type.getSuperclass().ifPresent(each -> report(type.getName(), each, events));
              }
            })
        .check(CORE);
  }

  private static DescribedPredicate<JavaClass> belongToTheApi() {
    return describe(
        "belong to the API",
        type ->
            resideInAnyPackage(API).test(type)
                && Stream.iterate(type, each -> each != null, ArchitectureTest::enclosing)
                    .allMatch(each -> each.getModifiers().contains(JavaModifier.PUBLIC)));
  }

  @SuppressWarnings("NullAway") // The end of the iteration.
  private static JavaClass enclosing(JavaClass type) {
    return type.getEnclosingClass().orElse(null);
  }

  private static ArchCondition<JavaCodeUnit> exposeOnlyApiTypes() {
    return new ArchCondition<>("expose only types of the API") {
      @Override
      public void check(JavaCodeUnit unit, ConditionEvents events) {
        if (unit.getModifiers().contains(JavaModifier.PUBLIC)
            || unit.getModifiers().contains(JavaModifier.PROTECTED)) {
          report(unit.getFullName(), unit.getReturnType(), events);
          unit.getParameterTypes().forEach(type -> report(unit.getFullName(), type, events));
          unit.getExceptionTypes().forEach(type -> report(unit.getFullName(), type, events));
        }
      }
    };
  }

  private static void report(String where, JavaType type, ConditionEvents events) {
    Set<String> foreign =
        type.getAllInvolvedRawTypes().stream()
            .map(JavaClass::getBaseComponentType)
            .filter(raw -> !raw.isPrimitive())
            .filter(raw -> !resideInAnyPackage(API).or(resideInAnyPackage(PLATFORM)).test(raw))
            .map(JavaClass::getName)
            .collect(Collectors.toSet());
    events.add(new SimpleConditionEvent(where, foreign.isEmpty(), where + " exposes " + foreign));
  }

  @Test
  void nobodySleeps() {
    for (JavaClasses classes : new JavaClasses[] {CORE, TESTS}) {
      noClasses()
          .should()
          .callMethodWhere(
              describe(
                  "Thread.sleep",
                  call ->
                      call.getTargetOwner().isAssignableTo(Thread.class)
                          && call.getTarget().getName().equals("sleep")))
          .check(classes);
    }
  }

  @Test
  void nobodyPrints() {
    NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS.check(CORE);
  }
}
