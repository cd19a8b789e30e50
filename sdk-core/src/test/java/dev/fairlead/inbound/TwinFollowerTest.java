package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DesiredChange;
import dev.fairlead.Progress;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.TwinLink;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import dev.fairlead.threads.SerialExecutor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TwinFollowerTest {
  private final ManualLoop loop = new ManualLoop();
  private final List<String> heard = new ArrayList<>();
  private final List<DesiredChange> changes = new ArrayList<>();
  private final TwinFollower follower = new TwinFollower(loop, serial(), this::hear);
  private TwinFollower.Session session = follower.newSession();
  private final Link link = new Link();

  private SerialExecutor serial() {
    return new SerialExecutor("desired", Runnable::run, loop);
  }

  private void hear(DesiredChange change) {
    changes.add(change);
    heard.add((change.first() ? "first " : "") + change.version() + " " + change.changed().json());
  }

  /** Readings wait until the test answers them. */
  private static final class Link implements TwinLink {
    final ArrayDeque<CompletableFuture<String>> readings = new ArrayDeque<>();
    int count;

    @Override
    public CompletionStage<String> get() {
      CompletableFuture<String> reading = new CompletableFuture<>();
      readings.add(reading);
      count++;
      return reading;
    }

    @Override
    public CompletionStage<Long> report(String patch) {
      throw new UnsupportedOperationException();
    }
  }

  private void open(TwinLink with) {
    loop.run(() -> session.opened(with));
  }

  private void end() {
    loop.run(session::ended);
    session = follower.newSession();
  }

  private void announce(String patch) {
    loop.run(() -> session.announced(patch));
  }

  private CompletableFuture<String> reading(Link of) {
    return Objects.requireNonNull(of.readings.poll(), "no reading is in progress");
  }

  private void answer(Link of, String desired) {
    reading(of).complete("{\"desired\":" + desired + ",\"reported\":{\"$version\":1}}");
    loop.run();
  }

  private void fail(Link of) {
    reading(of)
        .completeExceptionally(
            new UnreachableException("slow", Stage.SESSION, Progress.MAYBE_SENT, null));
    loop.run();
  }

  /** Opened; version 3 is announced first. */
  private void follow() {
    open(link);
    answer(link, "{\"a\":1,\"b\":2,\"$version\":3}");
    heard.clear();
    changes.clear();
  }

  @Test
  void tellsAllOfTheFirstReading() {
    open(link);
    answer(link, "{\"a\":1,\"b\":{\"c\":2},\"$version\":3}");

    assertThat(heard).containsExactly("first 3 {\"a\":1,\"b\":{\"c\":2}}");
    assertThat(changes.get(0).properties()).isEqualTo(changes.get(0).changed());
    assertThat(link.count).isEqualTo(1);
  }

  @Test
  void readsAgainAfterALinkThatThrows() {
    TwinLink throwing =
        new TwinLink() {
          private boolean thrown;

          @Override
          public CompletionStage<String> get() {
            if (!thrown) {
              thrown = true;
              throw new IllegalStateException("expected by the test");
            }
            return link.get();
          }

          @Override
          public CompletionStage<Long> report(String patch) {
            throw new UnsupportedOperationException();
          }
        };
    open(throwing);

    loop.advance(Duration.ofSeconds(2));
    answer(link, "{\"a\":1,\"$version\":3}");

    assertThat(heard).containsExactly("first 3 {\"a\":1}");
  }

  @Test
  void tellsOfAnEmptyTwinOnce() {
    open(link);
    answer(link, "{\"$version\":1}");

    assertThat(heard).containsExactly("first 1 {}");
  }

  @Test
  void tellsChangesInOrder() {
    follow();

    announce("{\"a\":5,\"$version\":4}");
    announce("{\"b\":null,\"c\":{\"d\":1},\"$version\":5}");

    assertThat(heard).containsExactly("4 {\"a\":5}", "5 {\"b\":null,\"c\":{\"d\":1}}");
    assertThat(changes.get(1).properties().json()).isEqualTo("{\"a\":5,\"c\":{\"d\":1}}");
    assertThat(changes.get(1).first()).isFalse();
    assertThat(link.count).as("nothing had to be read again").isEqualTo(1);
  }

  @Test
  void ignoresWhatIsNotNewer() {
    follow();

    announce("{\"a\":9,\"$version\":3}");
    announce("{\"a\":9,\"$version\":2}");

    assertThat(heard).isEmpty();
    assertThat(link.count).isEqualTo(1);
  }

  @Test
  void goesOnAfterAnAnnouncementThatChangesNothing() {
    follow();

    announce("{\"a\":1,\"$version\":4}");
    announce("{\"a\":6,\"$version\":5}");

    assertThat(heard).containsExactly("5 {\"a\":6}");
    assertThat(link.count).isEqualTo(1);
  }

  @Test
  void readsAgainAfterAGap() {
    follow();

    announce("{\"a\":9,\"$version\":5}");
    assertThat(heard).isEmpty();
    answer(link, "{\"a\":9,\"b\":8,\"$version\":5}");

    assertThat(heard).containsExactly("5 {\"a\":9,\"b\":8}");
  }

  @Test
  void holdsAnnouncementsUntilTheTwinIsRead() {
    open(link);
    announce("{\"a\":0,\"$version\":2}");
    announce("{\"a\":1,\"$version\":3}");
    announce("{\"a\":4,\"$version\":4}");
    assertThat(heard).isEmpty();

    answer(link, "{\"a\":1,\"$version\":3}");

    assertThat(heard).containsExactly("first 3 {\"a\":1}", "4 {\"a\":4}");
    assertThat(link.count).isEqualTo(1);
  }

  @Test
  void holdsAnnouncementsThatComeBeforeTheSessionIsKnown() {
    announce("{\"a\":4,\"$version\":4}");
    open(link);
    answer(link, "{\"a\":1,\"$version\":3}");

    assertThat(heard).containsExactly("first 3 {\"a\":1}", "4 {\"a\":4}");
  }

  @Test
  void readsAgainAfterMoreAnnouncementsThanItHolds() {
    open(link);
    for (int version = 2; version <= 200; version++) {
      announce("{\"a\":" + version + ",\"$version\":" + version + "}");
    }
    answer(link, "{\"a\":1,\"$version\":1}");
    answer(link, "{\"a\":200,\"$version\":200}");

    assertThat(heard).hasSizeLessThan(100);
    assertThat(heard.get(heard.size() - 1)).isEqualTo("200 {\"a\":200}");
    assertThat(link.readings).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "nonsense", "[]", "{\"a\":1", "{\"a\":1,\"a\":2}", "{\"a\":1e999}"})
  void readsTheTwinInsteadOfAnAnnouncementThatCannotBeRead(String announcement) {
    follow();

    announce(announcement);
    answer(link, "{\"a\":7,\"b\":2,\"$version\":4}");

    assertThat(heard).containsExactly("4 {\"a\":7}");
  }

  @Test
  void readsTwiceIfWhatCannotBeReadComesDuringAReading() {
    open(link);
    announce("nonsense");
    answer(link, "{\"a\":1,\"$version\":1}");
    answer(link, "{\"a\":2,\"$version\":2}");

    assertThat(heard).containsExactly("first 1 {\"a\":1}", "2 {\"a\":2}");
  }

  @Test
  void triesAFailedReadingAgainWithGrowingWaits() {
    open(link);
    int readings = 1;
    for (long seconds : new long[] {2, 4, 8, 16, 32, 60, 60}) {
      fail(link);
      loop.advance(Duration.ofSeconds(seconds).minusNanos(1));
      assertThat(link.count).isEqualTo(readings);
      loop.advance(Duration.ofNanos(1));
      assertThat(link.count).isEqualTo(++readings);
    }

    answer(link, "{\"$version\":1}");

    assertThat(heard).containsExactly("first 1 {}");
    assertThat(loop.time.alarms()).isZero();
  }

  @Test
  void beginsWithAShortWaitAgainAfterASuccess() {
    open(link);
    fail(link);
    loop.advance(Duration.ofSeconds(2));
    fail(link);
    loop.advance(Duration.ofSeconds(4));
    answer(link, "{\"$version\":1}");
    announce("nonsense");

    fail(link);
    loop.advance(Duration.ofSeconds(2));

    assertThat(link.readings).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "[]",
        "{}",
        "{\"reported\":{}}",
        "{\"desired\":7}",
        "{\"desired\":null}",
        "{\"errorCode\":429001,\"message\":\"throttled\"}"
      })
  void triesAgainAfterAnAnswerThatIsNoTwin(String answer) {
    follow();
    announce("{\"a\":9,\"$version\":5}");

    reading(link).complete(answer);
    loop.run();
    assertThat(heard).as("nothing was deleted").isEmpty();

    loop.advance(Duration.ofSeconds(2));
    answer(link, "{\"a\":9,\"b\":2,\"$version\":5}");
    assertThat(heard).containsExactly("5 {\"a\":9}");
  }

  @Test
  void holdsAnnouncementsWhileItWaitsToTryAgain() {
    open(link);
    fail(link);
    announce("{\"a\":2,\"$version\":2}");
    assertThat(heard).isEmpty();

    loop.advance(Duration.ofSeconds(2));
    answer(link, "{\"a\":1,\"$version\":1}");

    assertThat(heard).containsExactly("first 1 {\"a\":1}", "2 {\"a\":2}");
  }

  @Test
  void tellsWhatWasMissedOfflineAsOneChange() {
    follow();
    end();
    Link next = new Link();
    open(next);

    answer(next, "{\"a\":7,\"c\":{\"d\":1},\"$version\":9}");

    assertThat(heard).containsExactly("9 {\"b\":null,\"a\":7,\"c\":{\"d\":1}}");
    assertThat(changes.get(0).first()).isFalse();
  }

  @Test
  void saysNothingIfNothingWasMissed() {
    follow();
    end();
    Link next = new Link();
    open(next);

    answer(next, "{\"b\":2,\"a\":1,\"$version\":3}");

    assertThat(heard).isEmpty();
  }

  @Test
  void followsADeviceThatWasCreatedAnew() {
    follow();
    end();
    Link next = new Link();
    open(next);

    answer(next, "{\"a\":5,\"$version\":1}");
    announce("{\"a\":6,\"$version\":2}");

    assertThat(heard).containsExactly("1 {\"b\":null,\"a\":5}", "2 {\"a\":6}");
  }

  @Test
  void followsTheVersionOfADeviceThatWasCreatedAnewWithTheSameContent() {
    follow();
    end();
    Link next = new Link();
    open(next);

    answer(next, "{\"a\":1,\"b\":2,\"$version\":1}");
    announce("{\"a\":6,\"$version\":2}");

    assertThat(heard).containsExactly("2 {\"a\":6}");
  }

  @Test
  void ignoresAnAnswerOfAnEndedSession() {
    open(link);
    CompletableFuture<String> late = reading(link);
    end();

    late.complete("{\"desired\":{\"a\":1,\"$version\":1}}");
    loop.run();
    assertThat(heard).isEmpty();

    Link next = new Link();
    open(next);
    answer(next, "{\"a\":2,\"$version\":2}");
    assertThat(heard).containsExactly("first 2 {\"a\":2}");
  }

  @Test
  void leavesNoAlarmBehindAnEndedSession() {
    open(link);
    fail(link);
    announce("{\"a\":2,\"$version\":2}");

    end();

    assertThat(loop.time.alarms()).isZero();
    Link next = new Link();
    open(next);
    answer(next, "{\"a\":1,\"$version\":1}");
    assertThat(heard)
        .as("the announcement died with its session")
        .containsExactly("first 1 {\"a\":1}");
  }

  @Test
  void goesOnAfterAHandlerThatThrows() {
    TwinFollower unlucky =
        new TwinFollower(
            loop,
            serial(),
            change -> {
              hear(change);
              throw new Exception("expected by the test");
            });
    TwinFollower.Session unluckySession = unlucky.newSession();
    loop.run(() -> unluckySession.opened(link));
    answer(link, "{\"a\":1,\"$version\":1}");

    loop.run(() -> unluckySession.announced("{\"a\":2,\"$version\":2}"));

    assertThat(heard).containsExactly("first 1 {\"a\":1}", "2 {\"a\":2}");
  }

  // ---- one place for the latest document

  private final HeldExecutor held = new HeldExecutor();
  private final TwinFollower slow =
      new TwinFollower(loop, new SerialExecutor("desired", held, loop), this::hear);

  private void runHeld() {
    while (held.runAll()) {
      loop.run();
    }
  }

  private TwinFollower.Session slowSession() {
    TwinFollower.Session opened = slow.newSession();
    loop.run(() -> opened.opened(link));
    answer(link, "{\"a\":1,\"$version\":1}");
    return opened;
  }

  @Test
  void aSlowHandlerGetsWhatItMissedAsOneChange() {
    TwinFollower.Session opened = slowSession();
    held.runAll();
    for (int version = 2; version <= 5000; version++) {
      String patch = "{\"a\":" + version + ",\"b\":1,\"$version\":" + version + "}";
      loop.run(() -> opened.announced(patch));
    }

    runHeld();

    assertThat(heard).containsExactly("first 1 {\"a\":1}", "5000 {\"a\":5000,\"b\":1}");
    assertThat(link.count).as("nothing had to be read again").isEqualTo(1);
  }

  @Test
  void aHandlerThatHasNotBegunGetsTheLatestDocument() {
    TwinFollower.Session opened = slowSession();
    loop.run(() -> opened.announced("{\"a\":2,\"$version\":2}"));

    runHeld();

    assertThat(heard).containsExactly("first 2 {\"a\":2}");
  }

  @Test
  void whatWasChangedBackMeanwhileIsNoChange() {
    TwinFollower.Session opened = slowSession();
    held.runAll();
    loop.run(() -> opened.announced("{\"a\":2,\"$version\":2}"));
    loop.run(() -> opened.announced("{\"a\":1,\"$version\":3}"));
    runHeld();
    loop.run(() -> opened.announced("{\"a\":7,\"$version\":4}"));

    runHeld();

    assertThat(heard).containsExactly("first 1 {\"a\":1}", "4 {\"a\":7}");
  }

  @Test
  void anExecutorThatRefusesForAWhileLosesNoChange() {
    boolean[] refusing = {true};
    TwinFollower follows =
        new TwinFollower(
            loop,
            new SerialExecutor(
                "desired",
                task -> {
                  if (refusing[0]) {
                    throw new RejectedExecutionException("full (by the test)");
                  }
                  task.run();
                },
                loop),
            this::hear);
    TwinFollower.Session opened = follows.newSession();
    loop.run(() -> opened.opened(link));
    answer(link, "{\"a\":1,\"$version\":1}");
    assertThat(heard).isEmpty();

    refusing[0] = false;
    loop.advance(Duration.ofSeconds(1));

    assertThat(heard).containsExactly("first 1 {\"a\":1}");
  }

  @Test
  void announcementsOfAnOpeningThatFailedAreForgotten() {
    // Opening 1 announces version 6 of a twin that is then created again; opening 2 reads version
    // 5.
    announce("{\"a\":\"of the old twin\",\"$version\":6}");
    end();
    open(link);
    answer(link, "{\"b\":1,\"$version\":5}");
    announce("{\"b\":2,\"$version\":6}");

    assertThat(heard).containsExactly("first 5 {\"b\":1}", "6 {\"b\":2}");
  }
}
