package dev.fairlead.client;

import dev.fairlead.BlockingDeviceClient;
import dev.fairlead.ClientClosedException;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.QuotaExceededException;
import dev.fairlead.RejectedException;
import dev.fairlead.TakenOverException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.ThrottledException;
import dev.fairlead.Twin;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.UnsupportedException;
import dev.fairlead.threads.Failures;
import dev.fairlead.transport.Overdue;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The client's methods, as blocking calls. */
final class BlockingView implements BlockingDeviceClient {
  /** Longer than any wait, and far from overflow. */
  private static final Duration CENTURY = Duration.ofDays(36_500);

  private final RealDeviceClient client;
  private final Duration timeout;
  private final long nanos;

  BlockingView(RealDeviceClient client, Duration timeout) {
    if (timeout.isZero() || timeout.isNegative()) {
      throw new IllegalArgumentException(
          "The time-out of blocking(…) must be positive; it was " + timeout + ".");
    }
    this.client = client;
    this.timeout = timeout;
    nanos = (timeout.compareTo(CENTURY) < 0 ? timeout : CENTURY).toNanos();
  }

  @Override
  public void open() {
    await(client.open());
  }

  @Override
  public void send(TelemetryMessage message) {
    long begun = System.nanoTime();
    CompletableFuture<Void> sent = client.send(message, nanos);
    await(sent, nanos - (System.nanoTime() - begun));
  }

  @Override
  public long store(TelemetryMessage message) {
    long begun = System.nanoTime();
    CompletableFuture<Long> stored = client.store(message, nanos);
    return await(stored, nanos - (System.nanoTime() - begun));
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
    return await(future, nanos);
  }

  private <T> T await(CompletableFuture<T> future, long maxNanos) {
    try {
      return future.get(Math.max(0, maxNanos), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw atCaller(Failures.of(e, Stage.SESSION));
    } catch (TimeoutException e) {
      throw stillGoingOn("There was no outcome within " + Overdue.inWords(timeout), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stillGoingOn("The thread was interrupted while it waited", e);
    }
  }

  /**
   * The same failure with the stack of the caller. A new one each time, because the client's own is
   * shared by all callers that wait for the same outcome.
   */
  private static HubException atCaller(HubException failure) {
    String message = String.valueOf(failure.getMessage());
    HubException own;
    if (failure instanceof UnreachableException unreachable) {
      UnreachableException same =
          new UnreachableException(
              message, unreachable.stage(), failure.progress(), failure.getCause());
      own = unreachable.clockEvidence().map(same::withClockEvidence).orElse(same);
    } else if (failure instanceof UnauthorizedException unauthorized) {
      UnauthorizedException same =
          new UnauthorizedException(message, failure.progress(), failure.getCause());
      own = unauthorized.clockEvidence().map(same::withClockEvidence).orElse(same);
    } else if (failure instanceof QuotaExceededException quota) {
      own =
          new QuotaExceededException(message, failure.progress(), quota.retryAfter().orElse(null));
    } else if (failure instanceof TakenOverException) {
      own = new TakenOverException(message, failure.progress());
    } else if (failure instanceof ThrottledException throttled) {
      own =
          new ThrottledException(message, failure.progress(), throttled.retryAfter().orElse(null));
    } else if (failure instanceof RejectedException rejected) {
      own = new RejectedException(message, failure.progress(), rejected.code().orElse(0));
    } else if (failure instanceof ClientClosedException) {
      own = new ClientClosedException(message, failure.progress());
    } else {
      own = new UnsupportedException(message);
    }
    own.addSuppressed(failure);
    return own;
  }

  private UnreachableException stillGoingOn(String what, Exception cause) {
    return new UnreachableException(
        what + "; the operation continues. The connection's state is " + client.state() + ".",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        cause);
  }
}
