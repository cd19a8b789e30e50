package dev.fairlead.https;

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
    REFUSALS.put("500", Fault.answer(500));
    REFUSALS.put("500 of the hub", Fault.reject(500001));
    REFUSALS.put("end of stream", Fault.drop());
    REFUSALS.put("reset", Fault.reset());
  }

  private Patient() {}

  static TransportProvider transport() {
    return new HttpsTransport(HttpsOptions.builder().answerTimeout(LONG).build());
  }
}
