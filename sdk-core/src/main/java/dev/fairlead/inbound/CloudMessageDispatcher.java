package dev.fairlead.inbound;

import dev.fairlead.CloudMessage;
import dev.fairlead.CloudMessageHandler;
import dev.fairlead.SystemProperty;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Settlement;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.SerialExecutor;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands cloud-to-device messages to their handler, in order. Entered on the loop; the handler runs
 * on its lane.
 */
public final class CloudMessageDispatcher {
  private static final Logger log = LoggerFactory.getLogger(CloudMessageDispatcher.class);

  /** Far above the 50 that a hub queues for a device; more than that is not a hub. */
  private static final int MAX_WAITING = 1000;

  /** What a handler gets through within a lock, unless it is slow. */
  private static final int SOON = 10;

  private final Loop loop;
  private final ClientThreads threads;
  private final SerialExecutor lane;
  private final CloudMessageHandler handler;
  private Runnable whenRoom = () -> {};

  public CloudMessageDispatcher(
      Loop loop, ClientThreads threads, SerialExecutor lane, CloudMessageHandler handler) {
    this.loop = loop;
    this.threads = threads;
    this.lane = lane;
    this.handler = handler;
  }

  /** How many more would reach the handler soon. */
  public int room() {
    loop.assertInLoop();
    return Math.max(0, SOON - lane.waiting());
  }

  /** Sets what to call on the loop when there is more room; replaces that of the last session. */
  public void whenRoom(Runnable wakeup) {
    loop.assertInLoop();
    whenRoom = wakeup;
  }

  public void arrived(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    loop.assertInLoop();
    if (lane.waiting() >= MAX_WAITING) {
      log.warn(
          "{} C2D messages wait for the handler already; leaving this one for the hub to deliver again",
          MAX_WAITING);
      return;
    }
    CloudMessage handed =
        new CloudMessage(body, properties, systemProperties, new Relay(settlement));
    lane.execute(
        () -> {
          loop.execute(settlement::handedOut);
          hand(handed);
          loop.execute(() -> whenRoom.run());
        });
  }

  /**
   * Settles through the session, whose stages complete on the loop: the application's complete
   * where its futures do.
   */
  private final class Relay implements Settlement {
    private final Settlement settlement;

    Relay(Settlement settlement) {
      this.settlement = settlement;
    }

    @Override
    public CompletionStage<Void> complete() {
      return relayed(settlement::complete);
    }

    @Override
    public CompletionStage<Void> abandon() {
      return relayed(settlement::abandon);
    }

    @Override
    public CompletionStage<Void> reject() {
      return relayed(settlement::reject);
    }

    private CompletionStage<Void> relayed(Supplier<CompletionStage<Void>> verb) {
      CompletableFuture<Void> outcome = threads.newFuture();
      loop.execute(
          () ->
              verb.get()
                  .whenComplete(
                      (done, failure) ->
                          threads
                              .completions()
                              .execute(
                                  () -> {
                                    if (failure == null) {
                                      outcome.complete(null);
                                    } else {
                                      outcome.completeExceptionally(
                                          Failures.of(failure, Stage.SESSION));
                                    }
                                  })));
      return outcome;
    }
  }

  private void hand(CloudMessage message) {
    try {
      handler.onCloudMessage(message);
    } catch (Throwable e) {
      log.error("The C2D handler failed on a message; giving the message back", e);
      // Where the route cannot abandon, or the handler had settled it, this fails, and either is as
      // it should be.
      message
          .abandon()
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  log.info("The message was not abandoned: {}", failure.getMessage());
                }
              });
    }
  }
}
