package dev.fairlead.localhub.twin;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times in the hub's form: UTC with seven decimals of the second. */
public final class HubTimestamps {

  private static final DateTimeFormatter FORMAT =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private HubTimestamps() {}

  /** For example {@code 2030-01-01T00:00:00.0000000Z}. */
  public static String print(Instant time) {
    return FORMAT.format(time);
  }
}
