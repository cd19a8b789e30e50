package dev.fairlead.localhub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The valid beginning of a connection, so that what follows is read by an open one. */
public final class Opening {
  private Opening() {}

  /**
   * Reads one.
   *
   * @param name its resource in {@code opening/}
   */
  public static byte[] named(String name) {
    try (InputStream in = Opening.class.getResourceAsStream("/opening/" + name)) {
      if (in == null) {
        throw new IllegalArgumentException("There is no opening " + name + ".");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
