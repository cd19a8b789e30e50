package dev.fairlead.https;

import dev.fairlead.peers.architecture.ModuleRules;
import org.junit.jupiter.api.Test;

class PackagesTest {
  @Test
  void packagesKeepTheRules() {
    ModuleRules.of(HttpsTransport.class)
        .exported("upload")
        .entries(
            "CloudMessagePolls",
            "DeviceRequests",
            "Exchanges",
            "HttpsOpening",
            "HttpsSession",
            "HttpsTransport",
            "MessageFields",
            "PollSchedule",
            "TelemetryPump")
        .check();
  }
}
