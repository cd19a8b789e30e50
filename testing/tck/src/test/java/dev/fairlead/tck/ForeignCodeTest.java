package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.ConnectionState;
import dev.fairlead.DesiredChange;
import dev.fairlead.DeviceClient;
import dev.fairlead.MethodResponse;
import dev.fairlead.OutboxLimits;
import dev.fairlead.OverflowPolicy;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.RetryPolicy;
import dev.fairlead.UnreachableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Application code that blocks, throws, refuses, waits or cancels, and its effect on the client.
 */
class ForeignCodeTest extends MemoryCase {
  /** Ends handlers that a test has blocked, before the clients are closed. */
  private final CountDownLatch hold = new CountDownLatch(1);

  @AfterEach
  void letGo() {
    hold.countDown();
  }

  private void hang() {
    boolean interrupted = false;
    while (true) {
      try {
        hold.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- executors

  @Test
  void aHandlerOnAnExecutorThatRunsInlineMayWaitForTheClient() {
    CountDownLatch free = new CountDownLatch(1);
    ThreadPoolExecutor saturated =
        new ThreadPoolExecutor(
            1,
            1,
            0,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            new ThreadPoolExecutor.CallerRunsPolicy());
    saturated.execute(
        () -> {
          try {
            free.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    try {
      for (Executor executor : List.of(saturated, (Executor) Runnable::run)) {
        CompletableFuture<DeviceClient> client = new CompletableFuture<>();
        CompletableFuture<Object> waited = new CompletableFuture<>();
        client.complete(
            opened(
                builder(AMQP)
                    .executor(executor)
                    .onCloudMessage(
                        message -> {
                          waited.complete(client.join().getTwin().get());
                          message.complete();
                        })));
        device.sendCloudMessage("go", Map.of());
        assertThat(Await.result(waited)).isNotNull();
        Await.result(client.join().send(text("m0")));
        closeNow(client.join());
      }
    } finally {
      free.countDown();
      saturated.shutdown();
    }
  }

  @Test
  void noFeedLosesAnythingToAnExecutorThatRefusesForAWhile() {
    AtomicBoolean refusing = new AtomicBoolean(true);
    List<DesiredChange> changes = new CopyOnWriteArrayList<>();
    List<ConnectionState> states = new CopyOnWriteArrayList<>();
    List<String> messages = new CopyOnWriteArrayList<>();
    device.updateDesired("{\"color\":\"red\"}");
    DeviceClient client =
        opened(
            builder(AMQP)
                .executor(
                    task -> {
                      if (refusing.get()) {
                        throw new RejectedExecutionException("full (by the test)");
                      }
                      new Thread(task, "tck-application").start();
                    })
                .onDesiredProperties(changes::add)
                .onConnectionState(states::add)
                .onCloudMessage(
                    message -> {
                      messages.add(message.text());
                      message.complete();
                    }));
    device.sendCloudMessage("a", Map.of());
    Await.result(client.send(text("m0")));
    refusing.set(false);

    tickUntil("the twin has arrived", () -> !changes.isEmpty());
    tickUntil("the message has arrived", () -> !messages.isEmpty());
    tickUntil(
        "the state has come",
        () -> states.stream().anyMatch(ConnectionState.Connected.class::isInstance));
    assertThat(changes.get(0).first()).isTrue();
    assertThat(changes.get(0).properties().getString("color")).hasValue("red");
  }

  @Test
  void aTaskThatTheExecutorDroppedRunsAllTheSame() {
    AtomicInteger handed = new AtomicInteger();
    opened(
        builder(AMQP)
            .executor(
                task -> {
                  if (handed.incrementAndGet() > 1) {
                    new Thread(task, "tck-application").start();
                  }
                })
            .onMethod("ping", request -> MethodResponse.of(200)));
    CompletableFuture<MethodResponse> first =
        device.invokeMethod("ping", "", Duration.ofSeconds(60)).toCompletableFuture();

    tickUntil("it is answered", first::isDone);

    assertThat(Await.result(first).status()).isEqualTo(200);
  }

  // ---- handlers

  @Test
  void handlersThatHangHoldUpNeitherTelemetryNorOneAnotherNorClosing() {
    AtomicInteger states = new AtomicInteger();
    DeviceClient client =
        opened(
            builder(AMQP)
                .retry(RetryPolicy.eager())
                .onConnectionState(
                    state -> {
                      states.incrementAndGet();
                      hang();
                    })
                .onDesiredProperties(change -> hang())
                .onCloudMessage(message -> hang())
                .onMethod("ping", request -> MethodResponse.of(200)));
    device.sendCloudMessage("a", Map.of());
    for (int i = 0; i < 100; i++) {
      device.updateDesired("{\"n\":" + i + "}");
    }
    Await.result(client.send(text("m0")));
    assertThat(Await.result(device.invokeMethod("ping", "", Duration.ofSeconds(30))).status())
        .isEqualTo(200);
    assertThat(states).hasValue(1);

    closeNow(client);
  }

  @Test
  void oneHandlersInterruptionDoesNotMeetTheNext() {
    List<Boolean> interrupted = new CopyOnWriteArrayList<>();
    opened(
        builder(AMQP)
            .onCloudMessage(
                message -> {
                  interrupted.add(Thread.currentThread().isInterrupted());
                  message.complete();
                  Thread.currentThread().interrupt();
                }));
    for (int i = 0; i < 5; i++) {
      device.sendCloudMessage("m" + i, Map.of());
    }
    Await.until("all have come", () -> interrupted.size() == 5);

    assertThat(interrupted).containsOnly(false);
  }

  @Test
  void aMethodIsNotCarriedOutAfterItsCallerHasGone() {
    List<String> carriedOut = new CopyOnWriteArrayList<>();
    CountDownLatch slow = new CountDownLatch(1);
    opened(
        builder(AMQP)
            .onMethod(
                "slow",
                request -> {
                  slow.countDown();
                  hang();
                  return MethodResponse.of(200);
                })
            .onMethod(
                "openValve",
                request -> {
                  carriedOut.add(request.name());
                  return MethodResponse.of(200);
                }));
    var first = device.invokeMethod("slow", "", Duration.ofMinutes(5));
    Await.until("the slow one runs", () -> slow.getCount() == 0);
    CompletableFuture<MethodResponse> valve =
        device.invokeMethod("openValve", "", Duration.ofMinutes(5)).toCompletableFuture();

    tickUntil("it is answered", valve::isDone);
    hold.countDown();

    assertThat(Await.result(valve).status()).isEqualTo(504);
    Await.result(first);
    assertThat(carriedOut).isEmpty();
  }

  @Test
  void copiesOfAnEndedSessionNeverReachTheHandler() {
    List<String> handled = new CopyOnWriteArrayList<>();
    DeviceClient client =
        opened(
            builder(AMQP)
                .retry(RetryPolicy.eager())
                .onCloudMessage(
                    message -> {
                      handled.add(message.text());
                      if (handled.size() == 1) {
                        hang();
                      }
                      message.complete();
                    }));
    List<SentCloudMessage> sent = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      sent.add(device.sendCloudMessage("m" + i, Map.of()));
    }
    Await.until("the first is being handled", () -> handled.size() == 1);
    device.cut();
    Await.until(
        "the loss is noticed",
        () -> {
          time.advance(Duration.ofMillis(500));
          return device.connectionsSoFar() == 2
              && client.state() instanceof ConnectionState.Connected;
        });
    hold.countDown();

    tickUntil(
        "all are completed",
        () -> sent.stream().allMatch(each -> each.state() == SentCloudMessage.State.COMPLETED));
    assertThat(handled).as("each once, and the one being handled again").hasSize(11);
  }

  @Test
  void everyStateArrivesAtASlowListenerUpToClosed() {
    List<ConnectionState> states = new CopyOnWriteArrayList<>();
    DeviceClient client =
        opened(
            builder(AMQP)
                .retry(RetryPolicy.eager())
                .onConnectionState(
                    state -> {
                      hang();
                      states.add(state);
                    }));
    for (int i = 2; i <= 20; i++) {
      int connections = i;
      device.cut();
      tickUntil("again", () -> device.connectionsSoFar() == connections);
      Await.result(client.send(text("m" + i)));
    }
    closeNow(client);
    assertThat(states).isEmpty();

    hold.countDown();

    Await.until(
        "the last has come",
        () -> !states.isEmpty() && states.get(states.size() - 1) instanceof ConnectionState.Closed);
    assertThat(states).as("the one being handled, and the last 16").hasSize(17);
  }

  // ---- futures

  @Test
  void whatACallerDoesWithItsFutureConcernsNobodyElse() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    client.open().cancel(true);
    client.open().completeOnTimeout(null, 0, TimeUnit.MILLISECONDS);
    assertThat(Await.failure(client.open().orTimeout(1, TimeUnit.MILLISECONDS))).isNotNull();
    CompletableFuture<Void> opening = client.open();
    assertThat(opening).isNotDone();
    hub.setReachable(true);
    tickUntil("it is open", opening::isDone);
    assertThat(opening).isCompleted();
    assertThat(client.open()).isCompleted();

    assertThat(client.close(Duration.ofHours(1)).cancel(true)).isTrue();
    CompletableFuture<Void> closing = client.close(Duration.ZERO);
    tickUntil("it is closed", closing::isDone);
    assertThat(closing).isCompleted();
    assertThatThrownBy(
            () -> {
              CompletableFuture<Void> mine = client.close(Duration.ZERO).copy();
              mine.obtrudeException(new CancellationException("by the test"));
              mine.join();
            })
        .isInstanceOf(CancellationException.class);
    client.close();
  }

  @Test
  void waitingForAllOfSeveralInAContinuationWorks() {
    DeviceClient client = built(builder(AMQP));
    CompletableFuture<Void> first = client.send(text("m0"));
    CompletableFuture<Void> others =
        CompletableFuture.allOf(client.send(text("m1")), client.send(text("m2")));
    CompletableFuture<Void> waited = first.thenRun(others::join);
    assertThat(client.open()).isNotNull();

    tickUntil("it has waited", waited::isDone);

    assertThat(waited).isCompleted();
    Await.result(client.send(text("m3")));
  }

  @Test
  void aContinuationThatNeverEndsHoldsUpNoFutureAndNotTheEnd() {
    DeviceClient client = built(builder(AMQP));
    CompletableFuture<Void> hanging = client.send(text("m0")).thenRun(this::hang);
    CompletableFuture<Void> next = client.send(text("m1"));
    assertThat(client.open()).isNotNull();
    tickUntil("the next completes", next::isDone);
    assertThat(hanging).isNotDone();

    closeNow(client);
  }

  // ---- closing

  @Test
  void aSecondCloseWithLessTimeEndsSooner() {
    hub.setReachable(false);
    DeviceClient client = started(builder(MQTT));
    CompletableFuture<Void> sent = client.send(text("m0"));
    CompletableFuture<Void> patient = client.close(Duration.ofHours(1));
    CompletableFuture<Void> longer = client.close(Duration.ofHours(2));
    time.advance(Duration.ofMinutes(10));
    assertThat(patient).isNotDone();

    CompletableFuture<Void> now = client.close(Duration.ZERO);
    time.advance(Duration.ZERO);

    tickUntil("it is closed", now::isDone);
    Await.result(patient);
    Await.result(longer);
    assertThat(Await.failure(sent)).isNotNull();
  }

  // ---- the store

  @Test
  void aStoreThatThrowsOrBlocksHoldsUpNeitherSenderNorClosing() {
    DeviceClient throwing =
        opened(
            builder(AMQP)
                .outboxStore(
                    new EmptyStore() {
                      @Override
                      public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
                        if (removed.isEmpty()) {
                          return super.write(added, removed);
                        }
                        throw new IllegalStateException("expected by the test");
                      }
                    }));
    Await.result(throwing.send(text("m0")));
    closeNow(throwing);
    DeviceClient blocking =
        opened(
            builder(AMQP)
                .outboxStore(
                    new EmptyStore() {
                      @Override
                      public CompletionStage<Void> write(List<Added> added, List<Long> removed) {
                        hang();
                        return super.write(added, removed);
                      }

                      @Override
                      public void close() {
                        hang();
                      }
                    }));
    Await.result(blocking.send(text("m1")));
    closeNow(blocking);
    assertThat(received()).containsExactly("m0", "m1");
  }

  // ---- the blocking methods

  @Test
  void aBlockingSendIsBoundedByItsTimeoutOnAFullOutbox() {
    DeviceClient client =
        built(
            builder(MQTT)
                .outbox(
                    OutboxLimits.builder().maxMessages(1).overflow(OverflowPolicy.BLOCK).build()));
    assertThat(client.send(text("m0"))).isNotDone();

    assertThatThrownBy(() -> client.blocking(Duration.ofMillis(20)).send(text("m1")))
        .isInstanceOfSatisfying(
            RejectedException.class,
            failure -> assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT));
    assertThat(client.outbox().waiting()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE / 1_000, 1L << 40})
  void aHugeTimeoutIsNoError(long seconds) {
    DeviceClient client = opened(builder(MQTT));

    client.blocking(Duration.ofSeconds(seconds)).send(text("m0"));

    assertThat(received()).containsExactly("m0");
  }

  @Test
  void aFailureThatManyWaitForIsNotChangedByAny() {
    DeviceClient client = built(builder(MQTT));
    closeNow(client);
    List<RuntimeException> failures = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      try {
        client.blocking(Await.LIMIT).open();
      } catch (RuntimeException e) {
        failures.add(e);
      }
    }

    assertThat(failures).hasSize(100).doesNotHaveDuplicates();
    assertThat(failures).allMatch(failure -> failure.getSuppressed().length == 1);
    Throwable shared = failures.get(0).getSuppressed()[0];
    assertThat(failures).allMatch(failure -> failure.getSuppressed()[0] == shared);
    assertThat(shared.getSuppressed()).isEmpty();
    assertThat(shared).isNotInstanceOf(UnreachableException.class);
  }
}
