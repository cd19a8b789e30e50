package dev.fairlead.https;

import okhttp3.Headers;

/** Reads the properties of a message. */
public final class Fields {
  private Fields() {}

  /** Reads all. */
  public static void read(Headers headers) {
    MessageFields.application(headers);
    MessageFields.system(headers);
  }
}
