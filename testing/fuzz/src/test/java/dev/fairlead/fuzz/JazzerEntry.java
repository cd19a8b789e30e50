package dev.fairlead.fuzz;

import org.jspecify.annotations.Nullable;

/**
 * What Jazzer runs. Not the targets themselves, because Jazzer looks at all methods of its target,
 * which loads the types in their signatures before it can instrument them; and a record whose
 * components have annotations loses its fields if it is instrumented afterwards (JDK-8376185).
 */
public final class JazzerEntry {
  private static @Nullable FuzzTarget target;

  private JazzerEntry() {}

  /**
   * Called once by Jazzer.
   *
   * @param args the target's title
   */
  public static void fuzzerInitialize(String[] args) {
    target = FuzzTarget.titled(args[0]);
  }

  /** Called for each input. */
  public static void fuzzerTestOneInput(byte[] input) throws Throwable {
    if (target == null) {
      throw new IllegalStateException("Give the target's title as --target_args.");
    }
    target.run(input);
  }
}
