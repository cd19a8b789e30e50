package dev.fairlead.localhub.registry;

import dev.fairlead.localhub.text.Syntax;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The name of a device or module identity. Case matters.
 *
 * @param device the device id
 * @param moduleOrNull the module id, null for the device itself
 */
public record IdentityId(String device, @Nullable String moduleOrNull) {

  // Page "Understand the identity registry": 1 to 128 of ASCII letters, digits and these.
  private static final String PUNCTUATION = "-._:*?!(),=@;$'%#+";

  private static final int MAX_LENGTH = 128;

  /** Checks both names. */
  public IdentityId {
    check(device, "device");
    if (moduleOrNull != null) {
      check(moduleOrNull, "module");
    }
  }

  private static boolean isValid(String id) {
    if (id.isEmpty() || id.length() > MAX_LENGTH) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      if (!Syntax.isLetterOrDigit(c) && PUNCTUATION.indexOf(c) < 0) {
        return false;
      }
    }
    return true;
  }

  private static void check(String id, String kind) {
    if (!isValid(id)) {
      throw new IllegalArgumentException(
          "'"
              + id
              + "' is no "
              + kind
              + " id: use 1 to 128 ASCII letters, digits and - . _ : * ? ! ( ) , = @ ; $ ' % # +");
    }
  }

  /** The identity of a device. */
  public static IdentityId ofDevice(String device) {
    return new IdentityId(device, null);
  }

  /** The identity of a module of this device. */
  public IdentityId module(String module) {
    return new IdentityId(device, module);
  }

  /** Parses {@code device} or {@code device/module}; empty if it is neither. */
  public static Optional<IdentityId> parse(String text) {
    int slash = text.indexOf('/');
    String device = slash < 0 ? text : text.substring(0, slash);
    String module = slash < 0 ? null : text.substring(slash + 1);
    if (!isValid(device) || (module != null && !isValid(module))) {
      return Optional.empty();
    }
    return Optional.of(new IdentityId(device, module));
  }

  /** The module id, empty for the device itself. */
  public Optional<String> module() {
    return Optional.ofNullable(moduleOrNull);
  }

  /** {@code device} or {@code device/module}. */
  @Override
  public String toString() {
    return moduleOrNull == null ? device : device + "/" + moduleOrNull;
  }
}
