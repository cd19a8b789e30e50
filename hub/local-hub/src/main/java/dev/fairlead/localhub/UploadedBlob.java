package dev.fairlead.localhub;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** A file that a device has uploaded. Immutable. */
public final class UploadedBlob {

  private final String name;
  private final String contentType;
  private final byte[] content;
  private final Instant storedAt;

  /** Created by the hub; the content is not copied. */
  public UploadedBlob(String name, String contentType, byte[] content, Instant storedAt) {
    this.name = name;
    this.contentType = contentType;
    this.content = content;
    this.storedAt = storedAt;
  }

  /** The name with the device id in front: {@code dev-1/photo.jpg}. */
  public String name() {
    return name;
  }

  /** The content type; {@code application/octet-stream} if the client sent none. */
  public String contentType() {
    return contentType;
  }

  /** A copy of the content. */
  public byte[] content() {
    return content.clone();
  }

  /** The content as UTF-8 text. */
  public String contentAsText() {
    return new String(content, StandardCharsets.UTF_8);
  }

  /** The size in bytes. */
  public int size() {
    return content.length;
  }

  /** When the upload was complete, in hub time. */
  public Instant storedAt() {
    return storedAt;
  }

  @Override
  public String toString() {
    return "UploadedBlob[" + name + ", " + content.length + " bytes]";
  }
}
