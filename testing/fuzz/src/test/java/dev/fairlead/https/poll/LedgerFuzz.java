package dev.fairlead.https.poll;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/** The note on the last poll. */
public final class LedgerFuzz {
  private static final String OWNER = "0a1b";

  private LedgerFuzz() {}

  /** The input is the file; once as it is, once with a checksum that is right. */
  public static void fuzzerTestOneInput(byte[] input) {
    decode(input);
    byte[] text = Arrays.copyOf(input, Math.max(0, lastLine(input)));
    CRC32 crc = new CRC32();
    crc.update(text);
    byte[] end =
        ("crc " + Long.toHexString(crc.getValue()) + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] whole = Arrays.copyOf(text, text.length + end.length);
    System.arraycopy(end, 0, whole, text.length, end.length);
    decode(whole);
  }

  private static int lastLine(byte[] input) {
    return new String(input, StandardCharsets.ISO_8859_1).lastIndexOf("crc ");
  }

  private static void decode(byte[] bytes) {
    LedgerEntry.decode(bytes, OWNER)
        .ifPresent(
            entry -> {
              byte[] written = entry.encode(OWNER);
              Expect.that(written.length <= LedgerEntry.MAX_BYTES, "too long to be read");
              Expect.same(entry, LedgerEntry.decode(written, OWNER).orElseThrow(), "written again");
            });
  }
}
