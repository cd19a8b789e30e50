package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.DesiredChange;
import dev.fairlead.DeviceClient;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.Twin;
import dev.fairlead.TwinProperties;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The twin: read, reported, and followed without losing a change. */
public abstract class TwinContract extends ContractCase {
  /** Called by subclasses. */
  protected TwinContract() {}

  @BeforeEach
  final void onlyWhereDeclared() {
    needs(Capability.TWIN);
  }

  @Test
  final void theTwinIsReadAsTheHubHoldsIt() {
    long desired = hub().updateDesired("{\"interval\":30,\"nested\":{\"text\":\"ü\",\"on\":true}}");
    DeviceClient client = open(harness().client());
    long reported = Await.result(client.updateReportedProperties(Map.of("firmware", "2.1")));
    Twin twin = Await.result(client.getTwin());
    assertThat(twin.desired().version()).isEqualTo(desired);
    assertThat(twin.desired().getLong("interval")).hasValue(30);
    assertThat(twin.desired().getString("nested.text")).hasValue("ü");
    assertThat(twin.desired().getBoolean("nested.on")).hasValue(true);
    assertThat(twin.reported().version()).isEqualTo(reported);
    assertThat(twin.reported().getString("firmware")).hasValue("2.1");
  }

  @Test
  final void reportingMergesAndYieldsTheNewVersion() {
    DeviceClient client = open(harness().client());
    long before = hub().reportedVersion();
    assertThat(Await.result(client.updateReportedProperties("{\"a\":{\"x\":1,\"y\":2},\"b\":1}")))
        .isEqualTo(before + 1);
    Map<String, Object> patch = new HashMap<>();
    patch.put("a", Map.of("x", 3));
    patch.put("b", null);
    assertThat(Await.result(client.updateReportedProperties(patch))).isEqualTo(before + 2);
    TwinProperties reported = TwinProperties.parse(hub().reported());
    assertThat(reported.getLong("a.x")).hasValue(3);
    assertThat(reported.getLong("a.y")).hasValue(2);
    assertThat(reported.has("b")).isFalse();
    assertThat(hub().reportedVersion()).isEqualTo(before + 2);
  }

  @Test
  final void manyReportsGetTheirOwnAnswers() {
    DeviceClient client = open(harness().client());
    long before = hub().reportedVersion();
    List<CompletableFuture<Long>> versions = new CopyOnWriteArrayList<>();
    for (int i = 0; i < 20; i++) {
      versions.add(client.updateReportedProperties("{\"n\":" + i + "}"));
    }
    for (int i = 0; i < 20; i++) {
      assertThat(Await.result(versions.get(i))).isEqualTo(before + 1 + i);
    }
    assertThat(TwinProperties.parse(hub().reported()).getLong("n")).hasValue(19);
  }

  @Test
  final void whatTheHubWouldRefuseIsNotSent() {
    DeviceClient client = open(harness().client());
    long before = hub().reportedVersion();
    List<String> patches =
        List.of(
            "{\"big\":\"" + "x".repeat(4097) + "\"}",
            "{\"a.b\":1}",
            "{\"$a\":1}",
            "{\"a b\":1}",
            "{\"n\":".repeat(14) + "1" + "}".repeat(14));
    for (String patch : patches) {
      assertThat(Await.failure(client.updateReportedProperties(patch)))
          .as(patch.substring(0, Math.min(20, patch.length())))
          .isInstanceOfSatisfying(
              RejectedException.class,
              refusal -> assertThat(refusal.progress()).isEqualTo(Progress.NOT_SENT));
    }
    assertThat(hub().reportedVersion()).isEqualTo(before);
  }

  @Test
  final void desiredPropertiesComeFirstWholeThenAsChanges() {
    long first = hub().updateDesired("{\"a\":1,\"gone\":true}");
    List<DesiredChange> heard = new CopyOnWriteArrayList<>();
    open(harness().client().onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    assertThat(heard.get(0).first()).isTrue();
    assertThat(heard.get(0).version()).isEqualTo(first);
    assertThat(heard.get(0).changed().asMap()).containsOnlyKeys("a", "gone");

    long second = hub().updateDesired("{\"a\":2,\"gone\":null,\"new\":{\"x\":1}}");
    Await.until("the change comes", () -> heard.size() == 2);
    DesiredChange change = heard.get(1);
    assertThat(change.first()).isFalse();
    assertThat(change.version()).isEqualTo(second);
    assertThat(change.changed().getLong("a")).hasValue(2);
    assertThat(change.changed().asMap()).containsEntry("gone", null);
    assertThat(change.properties().has("gone")).isFalse();
    assertThat(change.properties().getLong("new.x")).hasValue(1);
  }

  @Test
  final void everyChangeComesInOrder() {
    List<DesiredChange> heard = new CopyOnWriteArrayList<>();
    open(harness().client().onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    for (int i = 1; i <= 50; i++) {
      hub().updateDesired("{\"n\":" + i + "}");
    }
    Await.until(
        "the last has come",
        () -> heard.get(heard.size() - 1).properties().getLong("n").orElse(0) == 50);
    assertThat(heard.stream().map(DesiredChange::version).toList())
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  final void whatWasMissedOfflineComesOnceInOneChange() {
    hub().updateDesired("{\"a\":1,\"b\":1}");
    List<DesiredChange> heard = new CopyOnWriteArrayList<>();
    DeviceClient client = open(harness().client().onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    hub().setReachable(false);
    Await.until("the loss shows", () -> client.state().cause().isPresent());
    hub().updateDesired("{\"a\":2}");
    long last = hub().updateDesired("{\"b\":null,\"c\":3}");
    hub().setReachable(true);
    Await.until("the change comes", () -> heard.size() >= 2);
    DesiredChange missed = heard.get(1);
    assertThat(missed.first()).isFalse();
    assertThat(missed.version()).isEqualTo(last);
    assertThat(missed.changed().asMap())
        .containsOnlyKeys("a", "b", "c")
        .containsEntry("a", 2L)
        .containsEntry("b", null)
        .containsEntry("c", 3L);

    hub().cut(); // and changes that were delivered already are not delivered again
    hub().updateDesired("{\"end\":true}");
    Await.until(
        "the last change comes",
        () -> heard.get(heard.size() - 1).properties().getBoolean("end").orElse(false));
    assertThat(heard).hasSize(3);
    assertThat(heard.get(2).changed().asMap()).containsOnlyKeys("end");
  }

  @Test
  final void aDeviceCreatedAnewStartsItsVersionsAgain() {
    for (int i = 0; i < 10; i++) {
      hub().updateDesired("{\"n\":" + i + "}");
    }
    List<DesiredChange> heard = new CopyOnWriteArrayList<>();
    open(harness().client().onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    long old = heard.get(0).version();
    hub().recreateDevice();
    long fresh = hub().updateDesired("{\"m\":1}");
    assertThat(fresh).isLessThan(old);
    Await.until(
        "the new document has arrived",
        () -> {
          DesiredChange last = heard.get(heard.size() - 1);
          return last.version() == fresh
              && last.properties().getLong("m").orElse(0) == 1
              && !last.properties().has("n");
        });
    long next = hub().updateDesired("{\"m\":2}");
    Await.until("and followed", () -> heard.get(heard.size() - 1).version() == next);
  }

  @Test
  final void aHandlerThatThrowsHearsOfTheNextChange() {
    List<Long> heard = new CopyOnWriteArrayList<>();
    open(
        harness()
            .client()
            .onDesiredProperties(
                change -> {
                  heard.add(change.version());
                  throw new IllegalStateException("a bug in the handler");
                }));
    Await.until("all come first", () -> heard.size() == 1);
    hub().updateDesired("{\"a\":1}");
    Await.until("the change comes", () -> heard.size() == 2);
  }
}
