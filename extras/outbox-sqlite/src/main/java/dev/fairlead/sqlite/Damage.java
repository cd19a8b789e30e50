package dev.fairlead.sqlite;

/** Stored bytes do not match their checksum, or the file is not what this program wrote. */
final class Damage extends Exception {
  private static final long serialVersionUID = 1L;

  Damage(String what) {
    super(what);
  }

  Damage(String what, Throwable cause) {
    super(what, cause);
  }
}
