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
import dev.fairlead.threads.ForeignCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the application's view of the desired properties up to date. The hub does not repeat
 * changes that it announced while the device was offline (MQTT support page: subscribe, read the
 * twin, drop announcements that are not newer), so each session begins by reading the twin, and the
 * difference from what the application has received is one change. Documents are compared, not
 * versions, because versions start again when a device is deleted and created again. Within a
 * session versions order the changes, and after a gap the twin is read again.
 *
 * <p>Only the latest document is kept for the handler. The change that the handler receives is
 * computed when it is free; a document counts as delivered when the handler has returned or thrown,
 * so nothing is lost with a callback that did not run.
 *
 * <p>Confined to the loop.
 */
public final class TwinFollower {
  private static final Logger log = LoggerFactory.getLogger(TwinFollower.class);
  private static final Duration FIRST_RETRY = Duration.ofSeconds(2);
  private static final Duration LAST_RETRY = Duration.ofSeconds(60);

  /** More announcements than this during one reading count as a gap. */
  private static final int MAX_EARLY = 64;

  private final Loop loop;
  private final Executor executor;
  private final DesiredPropertiesHandler handler;

  /** What the handler was given last. Written on the loop while no callback runs. */
  private @Nullable TwinProperties known;

  /** The hub's current document. Also read by the callback. */
  private volatile @Nullable TwinProperties latest;

  private boolean telling;

  /** The session that was opened last; announcements of another one are held until that opens. */
  private @Nullable Session current;

  TwinFollower(Loop loop, Executor executor, DesiredPropertiesHandler handler) {
    this.loop = loop;
    this.executor = executor;
    this.handler = handler;
  }

  /** A session that begins to open. */
  Session newSession() {
    return new Session();
  }

  private void followed(TwinProperties next) {
    latest = next;
    tellLatest();
  }

  private void tellLatest() {
    if (telling || Objects.equals(latest, known)) {
      return;
    }
    telling = true;
    TwinProperties before = known;
    executor.execute(
        () -> {
          TwinProperties next = latest;
          try {
            if (next != null) {
              tell(before, next);
            }
          } finally {
            loop.execute(() -> told(next));
          }
        });
  }

  private void told(@Nullable TwinProperties next) {
    telling = false;
    known = next;
    tellLatest();
  }

  /** On a callback thread. */
  private void tell(@Nullable TwinProperties before, TwinProperties next) {
    Map<String, @Nullable Object> changed =
        before == null ? next.asMap() : MergePatch.between(before.asMap(), next.asMap());
    if (before != null && changed.isEmpty()) {
      return;
    }
    try {
      handler.onDesiredProperties(
          new DesiredChange(TwinProperties.of(next.version(), changed), next, before == null));
    } catch (Throwable e) {
      log.error(
          "The handler of desired properties failed on version {}; it gets the next change",
          next.version(),
          e);
    }
  }

  /** What one session announces and reads. */
  final class Session {
    private @Nullable TwinLink link;
    private boolean reading;
    private boolean readAgain;
    private final List<TwinProperties> early = new ArrayList<>();
    private @Nullable Alarm retry;
    private Duration retryAfter = FIRST_RETRY;

    private Session() {}

    void opened(TwinLink opened) {
      loop.assertInLoop();
      link = opened;
      current = this;
      read();
    }

    void ended() {
      loop.assertInLoop();
      link = null;
      early.clear();
      if (retry != null) {
        retry.cancel();
        retry = null;
      }
      if (current == this) {
        current = null;
      }
    }

    void announced(String patchText) {
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
      ForeignCalls.stage("twin.get()", from::get)
          .whenComplete((text, failure) -> loop.execute(() -> readingEnded(text, failure)));
    }

    private void readingEnded(@Nullable String text, @Nullable Throwable failure) {
      if (link == null) {
        return;
      }
      reading = false;
      if (text == null || failure != null) {
        retryLater(
            failure == null ? "no answer" : Failures.of(failure, Stage.SESSION).getMessage());
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
      if (current != this) {
        return;
      }
      followed(desired);
      List<TwinProperties> held = List.copyOf(early);
      early.clear();
      held.forEach(this::follow);
      if (readAgain) {
        read();
      }
    }

    private void retryLater(@Nullable String why) {
      log.warn(
          "Could not read the twin ({}); reading it again in {} s", why, retryAfter.toSeconds());
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
      if (current != this) {
        return;
      }
      TwinProperties now = latest;
      if (now == null || patch.version() > now.version() + 1) {
        // An announcement in between is lost (they come at most once), or no document has been read
        // yet.
        read();
      } else if (patch.version() > now.version()) {
        followed(TwinProperties.of(patch.version(), MergePatch.apply(now.asMap(), patch.asMap())));
      }
    }
  }
}
