package dev.fairlead.https.poll;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;

/**
 * The one fact that the ledger keeps: when the last poll began, or may have begun.
 *
 * @param number a random name of this entry
 * @param at when
 */
record LedgerEntry(long number, ClockReading at) {
  /** The largest file; further bytes are not read. */
  static final int MAX_BYTES = 512;

  private static final Pattern TEXT =
      Pattern.compile(
          """
          fairlead-poll 1
          of ([0-9a-f]{1,64})
          number (-?[0-9]{1,19})
          boot ((?:boot|process):[0-9a-f.-]{1,64})
          up-ms (-?[0-9]{1,15})
          wall-ms (-?[0-9]{1,15})
          """);

  /** The file's bytes. */
  byte[] encode(String owner) {
    String text =
        """
        fairlead-poll 1
        of %s
        number %d
        boot %s
        up-ms %d
        wall-ms %d
        """
            .formatted(owner, number, at.boot(), at.upMillis(), at.wallMillis());
    return (text + "crc " + crc(text) + "\n").getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads the file's bytes.
   *
   * @return empty if they are anything but a whole entry of this owner
   */
  static Optional<LedgerEntry> decode(byte[] bytes, String owner) {
    String all = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = all.lastIndexOf("crc ");
    if (end < 0) {
      return Optional.empty();
    }
    String text = all.substring(0, end);
    Matcher matcher = TEXT.matcher(text);
    if (!all.substring(end).equals("crc " + crc(text) + "\n")
        || !matcher.matches()
        || !matcher.group(1).equals(owner)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new LedgerEntry(
              Long.parseLong(matcher.group(2)),
              new ClockReading(
                  Long.parseLong(matcher.group(5)),
                  matcher.group(3),
                  Long.parseLong(matcher.group(4)))));
    } catch (NumberFormatException tooLarge) {
      return Optional.empty();
    }
  }

  private static String crc(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.ISO_8859_1));
    return Long.toHexString(crc.getValue());
  }
}
