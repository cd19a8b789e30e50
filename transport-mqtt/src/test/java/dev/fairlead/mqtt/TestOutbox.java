package dev.fairlead.mqtt;

import dev.fairlead.HubException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.OutboxReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** An outbox in memory that remembers what became of each message. */
final class TestOutbox implements OutboxReader {
  private final Deque<Sending> waiting = new ArrayDeque<>();
  private @Nullable Runnable wakeup;
  private long sequence;
  private int taken;
  private int mostTaken;

  /** A message and its outcome. */
  final class Sending implements Envelope {
    private final long number;
    private final TelemetryMessage message;
    final CompletableFuture<Void> outcome = new CompletableFuture<>();

    Sending(long number, TelemetryMessage message) {
      this.number = number;
      this.message = message;
    }

    @Override
    public long sequence() {
      return number;
    }

    @Override
    public TelemetryMessage message() {
      return message;
    }

    @Override
    public void accepted() {
      settle();
      outcome.complete(null);
    }

    @Override
    public void failed(HubException failure) {
      settle();
      outcome.completeExceptionally(failure);
    }

    @Override
    public void giveBack() {
      synchronized (TestOutbox.this) {
        settle();
        waiting.addFirst(this);
      }
    }

    private void settle() {
      synchronized (TestOutbox.this) {
        taken--;
      }
    }
  }

  Sending send(String text) {
    return send(TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  Sending send(TelemetryMessage message) {
    Runnable wake;
    Sending sending;
    synchronized (this) {
      sending = new Sending(sequence++, message);
      waiting.add(sending);
      wake = wakeup;
    }
    if (wake != null) {
      wake.run();
    }
    return sending;
  }

  @Override
  public synchronized List<Envelope> take(
      int maxMessages, long maxBytes, ToLongFunction<TelemetryMessage> wireSize) {
    List<Envelope> given = new ArrayList<>();
    long bytes = 0;
    while (given.size() < maxMessages && !waiting.isEmpty()) {
      bytes += wireSize.applyAsLong(waiting.element().message);
      if (bytes > maxBytes && !given.isEmpty()) {
        break;
      }
      given.add(waiting.remove());
    }
    taken += given.size();
    mostTaken = Math.max(mostTaken, taken);
    return given;
  }

  /** The most messages that were ever under way at a time. */
  synchronized int mostTaken() {
    return mostTaken;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  @Override
  public synchronized void whenReadable(Runnable wake) {
    wakeup = wake;
  }
}
