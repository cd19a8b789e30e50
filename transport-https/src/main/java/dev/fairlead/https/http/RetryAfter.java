package dev.fairlead.https.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/** Times in header fields. RFC 9110, sections 5.6.7 and 10.2.3. */
final class RetryAfter {
  /** Whoever asks for more is not meant. */
  private static final Duration MOST = Duration.ofDays(1);

  private RetryAfter() {}

  /**
   * How long an answer asks to wait.
   *
   * @param now this machine's clock, for an answer that gives a date and does not tell its own
   * @return the wait, at most a day, empty if nothing readable was asked for
   */
  static Optional<Duration> of(HttpAnswer answer, Instant now) {
    String asked = answer.header("Retry-After").orElse("").strip();
    if (asked.matches("[0-9]{1,9}")) {
      return Optional.of(bounded(Duration.ofSeconds(Long.parseLong(asked))));
    }
    return date(asked)
        .map(
            until ->
                bounded(
                    Duration.between(
                        answer.header("Date").flatMap(RetryAfter::date).orElse(now), until)));
  }

  private static Duration bounded(Duration wait) {
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(MOST) > 0 ? MOST : wait;
  }

  /** An HTTP date in the form that senders must use. */
  static Optional<Instant> date(String text) {
    if (text.length() < 20 || text.length() > 40) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT))
              .toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
