package dev.fairlead;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPOutputStream;

/** Compresses bodies. [RFC 1952] */
final class Gzip {
  static final String ENCODING = "gzip";

  private Gzip() {}

  static byte[] compress(byte[] body) {
    // A body may be much larger than what the hub takes of it.
    int room = Math.min(body.length / 2, TelemetryMessage.MAX_BYTES) + 32;
    ByteArrayOutputStream compressed = new ByteArrayOutputStream(room);
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException("Memory cannot fail.", e);
    }
    return compressed.toByteArray();
  }
}
