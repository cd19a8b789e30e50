package dev.fairlead.https.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Times in header fields. RFC 9110, sections 5.6.7 and 10.2.3. */
final class RetryAfter {
  private RetryAfter() {}

  /**
   * How long an answer asks to wait.
   *
   * @param now this machine's clock, for an answer that gives a date to wait for, but not its own
   *     date
   * @return the wait, perhaps negative or very long, empty if there is no readable time
   */
  static Optional<Duration> of(HttpAnswer answer, Instant now) {
    String asked = answer.header("Retry-After").orElse("").strip();
    OptionalLong seconds = Ascii.number(asked, 9);
    if (seconds.isPresent()) {
      return Optional.of(Duration.ofSeconds(seconds.getAsLong()));
    }
    return date(asked)
        .map(
            until ->
                Duration.between(
                    answer.header("Date").flatMap(RetryAfter::date).orElse(now), until));
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
