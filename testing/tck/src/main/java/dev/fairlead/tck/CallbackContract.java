package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * The application's code runs where it may block: never on a thread that the transport or the
 * client needs to make progress.
 */
public abstract class CallbackContract extends ContractCase {
  /** Called by subclasses. */
  protected CallbackContract() {}

  @Test
  final void everyHandlerRunsOnTheGivenExecutor() {
    Set<String> threads = ConcurrentHashMap.newKeySet();
    ExecutorService executor = executor("tck-handlers");
    DeviceClientBuilder builder =
        harness()
            .client()
            .executor(executor)
            .onConnectionState(state -> threads.add("state " + thread()));
    if (can(Capability.CLOUD_MESSAGES)) {
      builder.onCloudMessage(
          message -> {
            threads.add("message " + thread());
            message.complete();
          });
      hub().sendCloudMessage("m", Map.of());
    }
    if (can(Capability.DIRECT_METHODS)) {
      builder.onMethod(
          "m",
          request -> {
            threads.add("method " + thread());
            return MethodResponse.of(200);
          });
    }
    if (can(Capability.TWIN)) {
      builder.onDesiredProperties(change -> threads.add("twin " + thread()));
    }
    open(builder);
    if (can(Capability.DIRECT_METHODS)) {
      Await.result(hub().invokeMethod("m", "", Duration.ofSeconds(30)));
    }
    long kinds =
        1
            + Set.of(Capability.CLOUD_MESSAGES, Capability.DIRECT_METHODS, Capability.TWIN).stream()
                .filter(this::can)
                .count();
    Await.until("all handlers have run", () -> threads.size() >= kinds);
    assertThat(threads).allMatch(name -> name.endsWith(" tck-handlers"));
  }

  @Test
  final void aHandlerMayWaitForTheClientsFutures() {
    needs(Capability.CLOUD_MESSAGES);
    CompletableFuture<DeviceClient> client = new CompletableFuture<>();
    CompletableFuture<String> done = new CompletableFuture<>();
    client.complete(
        open(
            harness()
                .client()
                .onCloudMessage(
                    message -> {
                      client.join().send(message(0)).get(60, TimeUnit.SECONDS);
                      message.complete().toCompletableFuture().get(60, TimeUnit.SECONDS);
                      if (can(Capability.TWIN)) {
                        client.join().getTwin().get(60, TimeUnit.SECONDS);
                      }
                      done.complete("all waited for");
                    })));
    hub().sendCloudMessage("go", Map.of());
    assertThat(Await.result(done)).isEqualTo("all waited for");
    assertComplete(1);
  }

  @Test
  final void oneThreadForAllHandlersIsEnough() {
    needs(Capability.DIRECT_METHODS);
    ExecutorService executor = executor("tck-single");
    CompletableFuture<DeviceClient> client = new CompletableFuture<>();
    client.complete(
        open(
            harness()
                .client()
                .executor(executor)
                .onConnectionState(state -> {})
                .onMethod(
                    "wait",
                    request -> {
                      client.join().send(message(0)).get(60, TimeUnit.SECONDS);
                      return MethodResponse.of(200);
                    })));
    assertThat(Await.result(hub().invokeMethod("wait", "", Duration.ofSeconds(60))).status())
        .isEqualTo(200);
  }

  @Test
  final void waitingInAContinuationFailsInsteadOfHanging() {
    DeviceClient client = closeLater(harness().client().build());
    CompletableFuture<Throwable> caught = new CompletableFuture<>();
    CompletableFuture<Void> never = client.send(message(0));
    CompletableFuture<Void> chain =
        client
            .open()
            .thenRun(
                () -> {
                  // The executor that would complete it is the one that runs this code.
                  try {
                    never.thenRun(() -> {}).join();
                    caught.complete(new AssertionError("the call returned"));
                  } catch (Throwable e) {
                    caught.complete(e);
                  }
                });
    Await.result(chain);
    assertThat(Await.result(caught))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("continuation");
  }

  @Test
  final void aBlockedContinuationDelaysNeitherTheTransportNorTheHandlers() {
    needs(Capability.DIRECT_METHODS);
    CountDownLatch leave = new CountDownLatch(1);
    DeviceClient client =
        closeLater(harness().client().onMethod("ping", request -> MethodResponse.of(200)).build());
    // The client is not open yet: a continuation of a completed future would run here, and block
    // the test.
    CompletableFuture<Void> blocked =
        client
            .send(message(0))
            .thenRunAsync(() -> {}, Runnable::run)
            .thenRun(
                () -> {
                  try {
                    leave.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
    try {
      assertThat(client.open()).isNotCancelled();
      sendAll(client, 1, 50);
      Await.until("the hub has all", () -> hub().telemetry().size() == 50);
      Await.result(hub().invokeMethod("ping", "", Duration.ofSeconds(30)));
    } finally {
      leave.countDown();
    }
    Await.result(blocked);
  }

  @Test
  final void aContinuationOfASettlementMayWait() {
    needs(Capability.CLOUD_MESSAGES);
    CompletableFuture<DeviceClient> client = new CompletableFuture<>();
    CompletableFuture<String> ran = new CompletableFuture<>();
    client.complete(
        open(
            harness()
                .client()
                .onCloudMessage(
                    message ->
                        message
                            .complete()
                            .whenComplete(
                                (done, failure) -> {
                                  // Client and transport continue without the thread that runs
                                  // this, whichever it is.
                                  CompletableFuture<Void> probe = client.join().send(message(7));
                                  try {
                                    Await.until(
                                        "the transport goes on",
                                        () -> !hub().telemetry().isEmpty() || probe.isDone());
                                    ran.complete("went on");
                                  } catch (Throwable e) {
                                    ran.completeExceptionally(e);
                                  }
                                }))));
    hub().sendCloudMessage("go", Map.of());
    assertThat(Await.result(ran)).isEqualTo("went on");
  }

  private boolean can(Capability capability) {
    return harness().capabilities().contains(capability);
  }

  private static String thread() {
    return Thread.currentThread().getName();
  }

  private ExecutorService executor(String name) {
    ExecutorService executor = Executors.newSingleThreadExecutor(task -> new Thread(task, name));
    closeLater(executor::shutdown);
    return executor;
  }
}
