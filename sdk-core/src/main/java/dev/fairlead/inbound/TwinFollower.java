package dev.fairlead.inbound;

import dev.fairlead.DesiredChange;
import dev.fairlead.DesiredPropertiesHandler;
import dev.fairlead.HubException;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.TwinProperties;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.json.MergePatch;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.threads.Failures;
import dev.fairlead.threads.SerialExecutor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the application in step with the desired properties. The hub does not repeat what it
 * announced while the device was away (MQTT support page: subscribe, read the twin, drop
 * announcements that are not newer), so each session begins with reading the twin, and what differs
 * from what the application knows is one change. Documents are compared, not versions: those start
 * again when a device is created anew. Within a session versions order the changes, and a gap in
 * them means reading again.
 *
 * <p>Confined to the loop.
 */
public final class TwinFollower {
  private static final Logger log = LoggerFactory.getLogger(TwinFollower.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
  private static final Duration LAST_RETRY = Duration.ofSeconds(60);

  /** More announcements than this during one reading are as good as a gap. */
  private static final int MAX_EARLY = 64;

  private final Loop loop;
  private final SerialExecutor lane;
  private final DesiredPropertiesHandler handler;

  // Client lifetime.
  private @Nullable TwinProperties known;

  // Session lifetime.
  private @Nullable TwinLink link;
  private boolean reading;
  private boolean readAgain;
  private final List<TwinProperties> early = new ArrayList<>();
  private @Nullable Alarm retry;
  private Duration retryAfter = FIRST_RETRY;

  public TwinFollower(Loop loop, SerialExecutor lane, DesiredPropertiesHandler handler) {
    this.loop = loop;
    this.lane = lane;
    this.handler = handler;
  }

  public void sessionOpened(TwinLink opened) {
    loop.assertInLoop();
    link = opened;
    retryAfter = FIRST_RETRY;
    read();
  }

  public void sessionEnded() {
    loop.assertInLoop();
    link = null;
    reading = false;
    readAgain = false;
    early.clear();
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
  }

  public void announced(String patchText) {
    loop.assertInLoop();
    TwinProperties patch;
    try {
      patch = TwinProperties.parse(patchText);
    } catch (IllegalArgumentException e) {
      log.warn(
          "The hub announced desired properties that cannot be read ({}); reading the twin instead",
          e.getMessage());
      read();
      return;
    }
    if (reading || link == null || retry != null) {
      if (early.size() < MAX_EARLY) {
        early.add(patch);
      } else {
        readAgain = true;
      }
    } else {
      follow(patch);
    }
  }

  private void read() {
    TwinLink from = link;
    if (from == null) {
      return;
    }
    if (reading) {
      readAgain = true;
      return;
    }
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
    reading = true;
    readAgain = false;
    answerOf(from)
        .whenComplete(
            (text, failure) ->
                loop.execute(
                    () -> {
                      if (link == from) {
                        readingEnded(text, failure);
                      }
                    }));
  }

  private static CompletionStage<String> answerOf(TwinLink from) {
    try {
      return from.get();
    } catch (RuntimeException e) {
      // A link that throws must not leave the reading open for ever.
      return CompletableFuture.failedFuture(e);
    }
  }

  private void readingEnded(@Nullable String text, @Nullable Throwable failure) {
    reading = false;
    if (text == null || failure != null) {
      retryLater(failure == null ? "no answer" : Failures.of(failure, Stage.SESSION).getMessage());
      return;
    }
    TwinProperties desired;
    try {
      desired = TwinDocuments.read(text).desired();
    } catch (HubException e) {
      retryLater(e.getMessage());
      return;
    }
    retryAfter = FIRST_RETRY;
    tell(desired);
    List<TwinProperties> held = List.copyOf(early);
    early.clear();
    held.forEach(this::follow);
    if (readAgain) {
      read();
    }
  }

  private void retryLater(@Nullable String why) {
    log.warn("Could not read the twin ({}); reading it again in {} s", why, retryAfter.toSeconds());
    retry =
        loop.schedule(
            retryAfter,
            () -> {
              retry = null;
              read();
            });
    Duration doubled = retryAfter.multipliedBy(2);
    retryAfter = doubled.compareTo(LAST_RETRY) < 0 ? doubled : LAST_RETRY;
  }

  private void follow(TwinProperties patch) {
    TwinProperties now = known;
    if (now == null || patch.version() > now.version() + 1) {
      // An announcement in between is lost (they come at most once), or nothing is known yet.
      read();
    } else if (patch.version() > now.version()) {
      tell(TwinProperties.of(patch.version(), MergePatch.apply(now.asMap(), patch.asMap())));
    }
  }

  private void tell(TwinProperties next) {
    TwinProperties before = known;
    known = next;
    Map<String, @Nullable Object> changed =
        before == null ? next.asMap() : MergePatch.between(before.asMap(), next.asMap());
    if (before != null && changed.isEmpty()) {
      return;
    }
    DesiredChange change =
        new DesiredChange(TwinProperties.of(next.version(), changed), next, before == null);
    lane.execute(
        () -> {
          try {
            handler.onDesiredProperties(change);
          } catch (Exception e) {
            log.error(
                "The handler of desired properties failed on version {}; it will hear of the next change",
                change.version(),
                e);
          }
        });
  }
}
