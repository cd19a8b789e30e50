package dev.fairlead.amqp;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.spi.Loop;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Subscribes to the desired properties each time the twin links are attached, and again with
 * back-off if the hub refuses or does not answer: when its daily quota is used up the hub answers
 * no twin request. The session does not wait for it. Confined to the loop.
 */
final class DesiredSubscription {
  private static final Logger log = LoggerFactory.getLogger(DesiredSubscription.class);

  private final Loop loop;
  private final TwinRequests twin;
  private final String who;
  private final Runnable missed;
  private final RetryDelay delay = new RetryDelay();

  private int asked;
  private @Nullable Alarm retry;
  private boolean warned;

  /**
   * Makes a subscription that is not requested yet.
   *
   * @param missed called when the subscription begins so late that changes may have been missed
   */
  DesiredSubscription(Loop loop, TwinRequests twin, String who, Runnable missed) {
    this.loop = loop;
    this.twin = twin;
    this.who = who;
    this.missed = missed;
  }

  /** Subscribes, because the links are attached, or once more. */
  void ask() {
    cancel();
    int mine = ++asked;
    twin.subscribe()
        .whenComplete(
            (done, failure) -> {
              if (mine != asked) {
                return;
              }
              if (failure == null) {
                answered(mine > 1);
              } else {
                refused(failure instanceof CompletionException ? failure.getCause() : failure);
              }
            });
  }

  private void answered(boolean late) {
    delay.succeeded();
    if (warned) {
      warned = false;
      log.info("{}: the desired properties are subscribed now", who);
    }
    if (late) {
      missed.run();
    }
  }

  private void refused(@Nullable Throwable failure) {
    if (!warned) {
      warned = true;
      log.warn(
          "{}: the desired properties are not subscribed, so changes are not seen until a later"
              + " attempt succeeds: {}",
          who,
          failure == null ? "no reason" : failure.getMessage());
    }
    retry = loop.schedule(delay.next(), this::ask);
  }

  /** The links were lost, or the session has ended: nothing is requested until {@link #ask}. */
  void linksLost() {
    cancel();
    asked++;
  }

  private void cancel() {
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
  }
}
