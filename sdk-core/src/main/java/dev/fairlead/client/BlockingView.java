package dev.fairlead.client;

import dev.fairlead.BlockingDeviceClient;
import dev.fairlead.DeviceClient;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Twin;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.threads.Failures;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The client's verbs, waited for. */
final class BlockingView implements BlockingDeviceClient {
  private final DeviceClient client;
  private final Duration timeout;

  BlockingView(DeviceClient client, Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException("A time-out is positive, not " + timeout + ".");
    }
    this.client = client;
    this.timeout = timeout;
  }

  @Override
  public void open() {
    await(client.open());
  }

  @Override
  public void send(TelemetryMessage message) {
    await(client.send(message));
  }

  @Override
  public Twin getTwin() {
    return await(client.getTwin());
  }

  @Override
  public long updateReportedProperties(Map<String, ?> patch) {
    return await(client.updateReportedProperties(patch));
  }

  @Override
  public long updateReportedProperties(String json) {
    return await(client.updateReportedProperties(json));
  }

  private <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      HubException failure = Failures.of(e, Stage.SESSION);
      throw atCaller(failure);
    } catch (TimeoutException e) {
      throw stillGoingOn("There was no outcome within " + timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stillGoingOn("The thread was interrupted while it waited", e);
    }
  }

  /** The failure was made on a thread of the client; who waited for it wants to see himself. */
  private static HubException atCaller(HubException failure) {
    IllegalStateException origin = new IllegalStateException("The failure was made here");
    origin.setStackTrace(failure.getStackTrace());
    failure.setStackTrace(new IllegalStateException().getStackTrace());
    failure.addSuppressed(origin);
    return failure;
  }

  private UnreachableException stillGoingOn(String what, Exception cause) {
    return new UnreachableException(
        what + "; the operation goes on. The connection's state is " + client.state() + ".",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        cause);
  }
}
