package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.DeviceClient;
import dev.fairlead.MethodResponse;
import dev.fairlead.UnreachableException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Direct methods: each call gets exactly its own answer, whatever the handler does. */
public abstract class MethodContract extends ContractCase {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** Called by subclasses. */
  protected MethodContract() {}

  @BeforeEach
  final void onlyWhereDeclared() {
    needs(Capability.DIRECT_METHODS);
  }

  @Test
  final void aHandlerAnswersByName() {
    open(
        harness()
            .client()
            .onMethod("echo", request -> MethodResponse.ok(request.payload()))
            .onMethod("teapot", request -> new MethodResponse(418, "\"short\"")));
    String payload = "{\"text\":\"Grüße 温度\",\"n\":[1,2,3]}";
    assertThat(call("echo", payload)).isEqualTo(new MethodResponse(200, payload));
    assertThat(call("teapot", "")).isEqualTo(new MethodResponse(418, "\"short\""));
  }

  @Test
  final void aMethodWithoutAHandlerGets501() {
    open(harness().client().onMethod("known", request -> MethodResponse.of(200)));
    assertThat(call("unknown", "{}").status()).isEqualTo(501);
    assertThat(call("known", "{}").status()).isEqualTo(200);
  }

  @Test
  final void otherMethodsHaveAHandlerOfTheirOwn() {
    open(
        harness()
            .client()
            .onMethod("known", request -> MethodResponse.of(201))
            .onOtherMethods(
                request ->
                    CompletableFuture.completedFuture(
                        MethodResponse.ok("\"" + request.name() + "\""))));
    assertThat(call("any", "").payload()).isEqualTo("\"any\"");
    assertThat(call("known", "").status()).isEqualTo(201);
  }

  @Test
  final void aHandlerThatFailsGets500() {
    open(
        harness()
            .client()
            .onMethod(
                "throws",
                request -> {
                  throw new IllegalStateException("a bug in the handler");
                })
            .onMethodAsync(
                "fails",
                request -> CompletableFuture.failedFuture(new IllegalStateException("later"))));
    assertThat(call("throws", "{}").status()).isEqualTo(500);
    assertThat(call("fails", "{}").status()).isEqualTo(500);
    assertThat(call("throws", "{}").status()).isEqualTo(500);
  }

  @Test
  final void answersGoToTheirOwnCallsInAnyOrder() {
    List<CompletableFuture<MethodResponse>> answers =
        Collections.synchronizedList(new ArrayList<>());
    open(
        harness()
            .client()
            .onMethodAsync(
                "later",
                request -> {
                  CompletableFuture<MethodResponse> answer = new CompletableFuture<>();
                  answers.add(answer);
                  return answer;
                }));
    List<CompletableFuture<MethodResponse>> calls = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int count = i + 1;
      calls.add(hub().invokeMethod("later", Integer.toString(i), PATIENCE));
      Await.until("the call has come", () -> answers.size() == count);
    }
    for (int i = 9; i >= 0; i--) {
      answers.get(i).complete(MethodResponse.ok(Integer.toString(i)));
    }
    for (int i = 0; i < 10; i++) {
      assertThat(Await.result(calls.get(i)).payload()).isEqualTo(Integer.toString(i));
    }
  }

  @Test
  final void aHandlerThatHangsHoldsUpNoTelemetry() {
    CountDownLatch leave = new CountDownLatch(1);
    CountDownLatch inside = new CountDownLatch(1);
    DeviceClient client =
        open(
            harness()
                .client()
                .onMethod(
                    "hang",
                    request -> {
                      inside.countDown();
                      leave.await();
                      return MethodResponse.of(200);
                    }));
    try {
      CompletableFuture<MethodResponse> hanging = hub().invokeMethod("hang", "", PATIENCE);
      Await.until("the handler hangs", () -> inside.getCount() == 0);
      awaitAll(sendAll(client, 0, 50));
      assertComplete(50);
      leave.countDown();
      assertThat(Await.result(hanging).status()).isEqualTo(200);
    } finally {
      leave.countDown();
    }
  }

  @Test
  final void aCallAfterAReconnectIsAnswered() {
    open(harness().client().onMethod("ping", request -> MethodResponse.of(200)));
    assertThat(call("ping", "").status()).isEqualTo(200);
    hub().cut();
    Await.until("a second connection", () -> hub().connectionsSoFar() >= 2);
    Await.until(
        "the method is answered again",
        () -> {
          CompletableFuture<MethodResponse> answer = hub().invokeMethod("ping", "", PATIENCE);
          return answer.handle((response, failure) -> failure == null).get();
        });
  }

  @Test
  final void anAnswerAfterTheSessionFails() {
    RecordingContext context = context(new ScriptedOutbox(), Feed.DIRECT_METHODS);
    TransportSession session = openSession(context);
    CompletableFuture<MethodResponse> call = hub().invokeMethod("late", "", PATIENCE);
    Await.until("the call comes", () -> !context.inbox().calls().isEmpty());
    hub().cut();
    Await.result(session.ended());
    assertThat(
            Await.failure(context.inbox().calls().get(0).reply().respond(MethodResponse.of(200))))
        .isInstanceOf(UnreachableException.class);
    assertThat(context.serialLoop().thrown()).isEmpty();
    call.cancel(false);
  }

  @Test
  final void theLargestAnswerArrives() {
    String big = "\"" + "x".repeat(MethodResponse.MAX_PAYLOAD_BYTES - 2) + "\"";
    open(harness().client().onMethod("big", request -> MethodResponse.ok(big)));
    assertThat(call("big", "").payload()).isEqualTo(big);
  }

  private MethodResponse call(String name, String payload) {
    return Await.result(hub().invokeMethod(name, payload, PATIENCE));
  }
}
