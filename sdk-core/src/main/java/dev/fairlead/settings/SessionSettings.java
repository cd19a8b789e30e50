package dev.fairlead.settings;

import dev.fairlead.MaintenanceWindow;
import dev.fairlead.RetryPolicy;
import dev.fairlead.outbox.Batching;
import dev.fairlead.outbox.Budget;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.Optional;

/**
 * What the application set for a device's sessions, immutable. A gateway's are the defaults of its
 * devices.
 *
 * @param retry when to try again
 * @param failBack when a session may be closed for a better route
 * @param openTimeout how long opening a route may take
 * @param drain how long {@code close()} goes on sending
 * @param uploads an explicit provider of file uploads
 * @param batching whether telemetry waits to be sent in batches
 * @param budget what the outbox may hold together with others
 */
public record SessionSettings(
    RetryPolicy retry,
    Optional<MaintenanceWindow> failBack,
    Duration openTimeout,
    Duration drain,
    Optional<UploadProvider> uploads,
    Optional<Batching> batching,
    Optional<Budget> budget) {

  public static SessionSettings defaults() {
    return new SessionSettings(
        RetryPolicy.defaults(),
        Optional.empty(),
        Duration.ofSeconds(30),
        Duration.ofSeconds(5),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
