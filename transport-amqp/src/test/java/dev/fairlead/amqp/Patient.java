package dev.fairlead.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Fault;
import dev.fairlead.spi.TransportProvider;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The transport with long limits, for a client whose time is moved by hand, and its hub's refusals.
 */
final class Patient {
  private static final Duration LONG = Duration.ofHours(1);

  static final Map<String, Fault> REFUSALS = new LinkedHashMap<>();

  static {
    REFUSALS.put("end of stream", Fault.drop());
    REFUSALS.put("reset", Fault.reset());
    REFUSALS.put("reject with an error of the moment", Fault.reject(500001));
    REFUSALS.put("reject with an operation error", Fault.reject(400003));
    REFUSALS.put("release", Fault.release());
    REFUSALS.put("detach", Fault.detach(AmqpPart.TELEMETRY));
    REFUSALS.put("END", Fault.detach(AmqpPart.SESSION));
    REFUSALS.put("CLOSE", Fault.detach(AmqpPart.CONNECTION));
  }

  private Patient() {}

  static TransportProvider transport() {
    return new AmqpTransport(
        AmqpOptions.builder()
            .ping(LONG, LONG)
            .idleTimeout(LONG)
            .answerTimeout(LONG)
            .acknowledgementTimeout(LONG)
            .build());
  }
}
