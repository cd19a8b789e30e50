package dev.fairlead.sqlite;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.spi.StoredQueue.Added;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** Records of the outbox file: as they are, and with a checksum that is right. */
public final class OutboxRecordFuzz {
  private static final byte[] SALT = {1, 2, 3};

  private OutboxRecordFuzz() {}

  /** The input is a record. */
  public static void fuzzerTestOneInput(byte[] input) {
    read(input);
    if (input.length >= Blob.HEADER) {
      byte[] whole = input.clone();
      whole[0] = (byte) 0xf5;
      whole[1] = 'F';
      whole[2] = Blob.MESSAGE;
      whole[3] = 1;
      ByteBuffer.wrap(whole).putInt(4, whole.length);
      CRC32C crc = new CRC32C();
      crc.update(SALT);
      crc.update(whole, 0, 8);
      crc.update(whole, Blob.HEADER, whole.length - Blob.HEADER);
      ByteBuffer.wrap(whole).putInt(8, (int) crc.getValue());
      read(whole);
    }
  }

  private static void read(byte[] bytes) {
    for (int from = 0; from < Math.min(bytes.length, 32); from++) {
      int length = Blob.lengthAt(bytes, from, bytes.length);
      Expect.that(length <= bytes.length - from, "a length beyond the end");
    }
    try {
      MessageRecord.idOf(bytes);
    } catch (Damage e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
    try {
      MessageRecord record = MessageRecord.decode(bytes, SALT);
      Added added =
          new Added(
              RowId.sequence(record.id()),
              record.message(),
              record.timeToLive() == 0 ? null : Duration.ofNanos(record.timeToLive()));
      byte[] written =
          MessageRecord.encode(record.id(), added, record.clock(), record.wall(), SALT);
      MessageRecord again = MessageRecord.decode(written, SALT);
      Expect.that(
          Arrays.equals(again.message().body(), record.message().body()), "the body, again");
      Expect.same(again.message().properties(), record.message().properties(), "properties");
      Expect.same(again.id(), record.id(), "the key");
      record.stored(0);
      record.due();
    } catch (Damage e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
  }
}
