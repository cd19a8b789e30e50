package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.MethodResponse;
import dev.fairlead.Progress;
import dev.fairlead.UnsupportedException;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.tck.SentCloudMessage.State;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** A transport has exactly the capabilities that it declares. */
public abstract class CapabilityContract extends ContractCase {
  /** Called by subclasses. */
  protected CapabilityContract() {}

  @Test
  final void theOfferIsStableAndNamesTheRoute() {
    TransportOffer offer = harness().provider().offer();
    assertThat(harness().provider().offer()).isEqualTo(offer);
    assertThat(offer.name()).isNotBlank();
    assertThat(offer.routes()).contains(harness().offer());
    assertThat(hub().connectionsSoFar()).isZero();
  }

  @Test
  final void everyRouteSendsTelemetry() {
    assertThat(harness().capabilities()).contains(Capability.TELEMETRY);
    Await.result(open(harness().client()).send(message(0)));
    assertComplete(1);
  }

  @Test
  final void twinAsDeclared() {
    boolean declared = harness().capabilities().contains(Capability.TWIN);
    RecordingContext context = context(new ScriptedOutbox());
    TransportSession session = openSession(context);
    CompletableFuture<Boolean> present = new CompletableFuture<>();
    context.onLoop(() -> present.complete(session.twin().isPresent()));
    assertThat(Await.result(present)).isEqualTo(declared);
  }

  @Test
  final void anUndeclaredTwinIsRefusedWithoutCallingTheTransport() {
    lacks(Capability.TWIN);
    DeviceClient client = open(harness().client());
    long version = hub().reportedVersion();
    assertUnsupported(client.getTwin());
    assertUnsupported(client.updateReportedProperties("{\"a\":1}"));
    assertThat(hub().reportedVersion()).isEqualTo(version);
  }

  @Test
  final void methodsAsDeclared() {
    boolean declared = harness().capabilities().contains(Capability.DIRECT_METHODS);
    RecordingContext context = context(new ScriptedOutbox(), Feed.DIRECT_METHODS);
    openSession(context);
    CompletableFuture<MethodResponse> answer =
        hub().invokeMethod("m", "{}", Duration.ofSeconds(30));
    if (declared) {
      Await.until("the call comes", () -> !context.inbox().calls().isEmpty());
      Await.result(context.inbox().calls().get(0).reply().respond(MethodResponse.of(299)));
      assertThat(Await.result(answer).status()).isEqualTo(299);
    } else {
      assertThat(Await.failure(answer)).isNotNull();
      assertThat(context.inbox().calls()).isEmpty();
    }
  }

  @Test
  final void cloudMessagesAsDeclared() {
    boolean declared = harness().capabilities().contains(Capability.CLOUD_MESSAGES);
    SentCloudMessage sent = hub().sendCloudMessage("hello", Map.of());
    RecordingContext context = context(new ScriptedOutbox(), Feed.CLOUD_MESSAGES);
    openSession(context);
    if (declared) {
      Await.result(first(context).complete());
      Await.until("it is completed", () -> sent.state() == State.COMPLETED);
    } else {
      assertThat(sent.state()).isEqualTo(State.ENQUEUED);
      assertThat(context.inbox().cloudMessages()).isEmpty();
    }
  }

  @Test
  final void abandonAsDeclared() {
    needs(Capability.CLOUD_MESSAGES);
    SentCloudMessage sent = hub().sendCloudMessage("again", Map.of());
    RecordingContext context = context(new ScriptedOutbox(), Feed.CLOUD_MESSAGES);
    openSession(context);
    CloudMessage message = first(context);
    if (harness().capabilities().contains(Capability.ABANDON)) {
      Await.result(message.abandon());
      Await.until("it comes again", () -> context.inbox().cloudMessages().size() == 2);
      Await.result(context.inbox().cloudMessages().get(1).complete());
    } else {
      assertUnsupported(message.abandon());
      assertThat(sent.state()).isNotEqualTo(State.COMPLETED);
      Await.result(message.complete()); // it was left unsettled
    }
    Await.until("it is completed", () -> sent.state() == State.COMPLETED);
  }

  @Test
  final void rejectAsDeclared() {
    needs(Capability.CLOUD_MESSAGES);
    SentCloudMessage sent = hub().sendCloudMessage("no", Map.of());
    RecordingContext context = context(new ScriptedOutbox(), Feed.CLOUD_MESSAGES);
    openSession(context);
    CloudMessage message = first(context);
    if (harness().capabilities().contains(Capability.REJECT)) {
      Await.result(message.reject());
      Await.until("it is dead-lettered", () -> sent.state() == State.DEADLETTERED);
    } else {
      assertUnsupported(message.reject());
      assertThat(sent.state()).isNotIn(State.COMPLETED, State.DEADLETTERED);
      Await.result(message.complete());
      Await.until("it is completed", () -> sent.state() == State.COMPLETED);
    }
  }

  @Test
  final void nothingUnwantedIsSubscribed() {
    needs(Capability.DIRECT_METHODS);
    hub().sendCloudMessage("unwanted", Map.of());
    RecordingContext context = context(new ScriptedOutbox(), Feed.DIRECT_METHODS);
    openSession(context);
    hub().updateDesired("{\"unwanted\":1}");
    CompletableFuture<MethodResponse> answer =
        hub().invokeMethod("wanted", "", Duration.ofSeconds(30));
    Await.until("the call comes", () -> !context.inbox().calls().isEmpty());
    Await.result(context.inbox().calls().get(0).reply().respond(MethodResponse.of(200)));
    Await.result(answer);
    assertThat(context.inbox().cloudMessages()).isEmpty();
    assertThat(context.inbox().patches()).isEmpty();
  }

  private void lacks(Capability capability) {
    Assumptions.assumeFalse(
        harness().capabilities().contains(capability),
        () -> harness().route() + " declares " + capability);
  }

  private static CloudMessage first(RecordingContext context) {
    Await.until("a message comes", () -> !context.inbox().cloudMessages().isEmpty());
    return context.inbox().cloudMessages().get(0);
  }

  private static void assertUnsupported(CompletionStage<?> stage) {
    assertThat(Await.failure(stage))
        .isInstanceOfSatisfying(
            UnsupportedException.class,
            failure -> {
              assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
              assertThat(failure.getMessage()).isNotBlank();
            });
  }
}
