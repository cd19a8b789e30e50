package dev.fairlead.inbound;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.CloudMessageHandler;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Settlement;
import dev.fairlead.threads.ClientThreads;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import dev.fairlead.threads.SerialExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CloudMessageDispatcherTest {
  private static final int LANE_LIMIT = 1_000;

  private final ManualLoop loop = new ManualLoop();
  private final HeldExecutor executor = new HeldExecutor();
  private final List<String> log = new ArrayList<>();

  private CloudMessageDispatcher desk(CloudMessageHandler handler) {
    return new CloudMessageDispatcher(
        loop,
        new ClientThreads("test", true, Optional.empty(), loop),
        new SerialExecutor("C2D messages", executor, loop),
        handler);
  }

  private record Arrival(String text, Settlement settlement) {
    void at(CloudMessageDispatcher desk) {
      desk.arrived(text.getBytes(UTF_8), Map.of(), Map.of(), settlement);
    }
  }

  private Arrival message(String text) {
    return message(text, CompletableFuture.completedFuture(null));
  }

  private Arrival message(String text, CompletionStage<Void> outcome) {
    Settlement settlement =
        new Settlement() {
          @Override
          public CompletionStage<Void> complete() {
            return settled("completed");
          }

          @Override
          public CompletionStage<Void> abandon() {
            return settled("abandoned");
          }

          @Override
          public CompletionStage<Void> reject() {
            return settled("rejected");
          }

          private CompletionStage<Void> settled(String how) {
            log.add(text + " " + how);
            return outcome;
          }
        };
    return new Arrival(text, settlement);
  }

  private void arrive(CloudMessageDispatcher desk, Arrival... messages) {
    loop.run(
        () -> {
          for (Arrival message : messages) {
            message.at(desk);
          }
        });
  }

  @Test
  void handsMessagesOverInOrderAndSettlesNoneItself() {
    CloudMessageDispatcher desk = desk(message -> log.add(message.text()));
    arrive(desk, message("a"), message("b"));
    assertThat(log).as("handlers do not run on the loop").isEmpty();

    executor.runAll();
    loop.run();

    assertThat(log).containsExactly("a", "b");
  }

  static List<Throwable> failures() {
    return List.of(
        new Exception("expected by the test"),
        new IllegalStateException("expected by the test"),
        new AssertionError("expected by the test"),
        new NoClassDefFoundError("expected by the test"),
        new StackOverflowError("expected by the test"));
  }

  private static void fail(Throwable failure) throws Exception {
    if (failure instanceof Error error) {
      throw error;
    }
    throw (Exception) failure;
  }

  @ParameterizedTest
  @MethodSource("failures")
  void givesBackAMessageOnWhichTheHandlerFails(Throwable failure) {
    CloudMessageDispatcher desk =
        desk(
            message -> {
              if (message.text().equals("bad")) {
                fail(failure);
              }
              message.complete();
            });

    arrive(desk, message("bad"), message("good"));
    executor.runAll();
    loop.run();

    assertThat(log).containsExactly("bad abandoned", "good completed");
  }

  @Test
  void goesOnWhereAMessageCannotBeGivenBack() {
    CloudMessageDispatcher desk =
        desk(
            message -> {
              throw new IllegalStateException("expected by the test");
            });

    arrive(
        desk,
        message("a", CompletableFuture.failedFuture(new UnsupportedException("not on this wire"))),
        message("b"));
    executor.runAll();
    loop.run();

    assertThat(log).containsExactly("a abandoned", "b abandoned");
  }

  @Test
  void leavesToTheHubWhatNobodyCouldHold() {
    CloudMessageDispatcher desk = desk(message -> log.add(message.text()));
    for (int i = 0; i < LANE_LIMIT; i++) {
      arrive(desk, message("held"));
    }

    arrive(desk, message("too many"));
    executor.runAll();
    loop.run();

    assertThat(log).hasSize(LANE_LIMIT).containsOnly("held");
    arrive(desk, message("next"));
    executor.runAll();
    loop.run();
    assertThat(log).hasSize(LANE_LIMIT + 1).endsWith("next");
  }

  @Test
  void isEnteredOnTheLoop() {
    CloudMessageDispatcher desk = desk(message -> {});

    assertThatThrownBy(() -> message("a").at(desk)).isInstanceOf(IllegalStateException.class);
  }
}
