package dev.fairlead.sqlite;

import dev.fairlead.DeviceIdentity;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Whose a queue is. Stored twice, on different pages, because messages without it are lost.
 *
 * @param queue the queue's number
 * @param revision grows when the hub changes; tells a newer copy from an older one
 * @param identity whose messages
 * @param hubHost the hub that they are for
 */
record QueueOwner(int queue, long revision, DeviceIdentity identity, String hubHost) {
  private static final byte[] NO_SALT = {};

  /** What goes into the checksums of the messages of an identity. */
  static byte[] salt(DeviceIdentity identity) {
    return identity.toString().getBytes(StandardCharsets.UTF_8);
  }

  byte[] encode() {
    return new Blob.Writer(256)
        .number(queue)
        .number(revision)
        .text(identity.deviceId())
        .text(identity.moduleId().orElse(""))
        .text(hubHost)
        .seal(Blob.IDENTITY, NO_SALT);
  }

  static QueueOwner decode(byte[] blob) throws Damage {
    Blob.Reader reader = Blob.open(Blob.IDENTITY, blob, NO_SALT);
    int queue = (int) reader.number();
    long revision = reader.number();
    String device = reader.text();
    String module = reader.text();
    try {
      return new QueueOwner(
          queue,
          revision,
          new DeviceIdentity(device, module.isEmpty() ? Optional.empty() : Optional.of(module)),
          reader.text());
    } catch (IllegalArgumentException e) {
      throw new Damage("the identity cannot be read", e);
    }
  }
}
