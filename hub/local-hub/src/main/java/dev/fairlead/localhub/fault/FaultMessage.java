package dev.fairlead.localhub.fault;

import dev.fairlead.localhub.text.Syntax;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A telemetry message that commands a fault, as the tests of device SDKs send it.
 *
 * @param operation the fault, for example {@code KillTcp}
 * @param delay how long to wait first
 * @param duration how long a lasting fault lasts
 */
public record FaultMessage(String operation, Duration delay, Duration duration) {

  private static final String TYPE = "AzIoTHub_FaultOperationType";
  private static final String DELAY = "AzIoTHub_FaultOperationDelayInSecs";
  private static final String DURATION = "AzIoTHub_FaultOperationDurationInSecs";

  /** Reads the application properties of a message; empty if it commands no fault. */
  public static Optional<FaultMessage> of(Map<String, String> properties) {
    String operation = properties.get(TYPE);
    if (operation == null) {
      return Optional.empty();
    }
    return Optional.of(
        new FaultMessage(
            operation, seconds(properties.get(DELAY)), seconds(properties.get(DURATION))));
  }

  private static Duration seconds(@Nullable String text) {
    return text != null && Syntax.isNumber(text, 5)
        ? Duration.ofSeconds(Long.parseLong(text))
        : Duration.ZERO;
  }
}
