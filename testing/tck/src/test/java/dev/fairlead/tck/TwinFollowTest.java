package dev.fairlead.tck;

import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DesiredChange;
import dev.fairlead.DeviceClient;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Following the desired properties with a hub whose versions jump or repeat. */
class TwinFollowTest extends MemoryCase {
  private final List<DesiredChange> heard = new CopyOnWriteArrayList<>();

  @Test
  void aDeviceCreatedAnewWithTheSameVersionIsNoticed() {
    device.updateDesired("{\"color\":\"red\"}");
    DeviceClient client = opened(builder(MQTT).onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    long version = heard.get(0).version();
    hub.setReachable(false);
    device.recreate();
    assertThat(device.updateDesired("{\"size\":3}")).isEqualTo(version);
    hub.setReachable(true);
    tickUntil("the new document arrives", () -> heard.size() == 2);
    DesiredChange change = heard.get(1);
    assertThat(change.first()).isFalse();
    assertThat(change.version()).isEqualTo(version);
    assertThat(change.changed().asMap()).containsEntry("size", 3L).containsEntry("color", null);
    assertThat(change.properties().asMap()).containsOnlyKeys("size");
    assertThat(client.state().cause()).isEmpty();
  }

  @Test
  void theSameDocumentIsNotHeardOfTwice() {
    device.updateDesired("{\"color\":\"red\"}");
    DeviceClient client = opened(builder(MQTT).onDesiredProperties(heard::add));
    Await.until("all come first", () -> heard.size() == 1);
    for (int i = 2; i <= 5; i++) {
      int connections = i;
      device.cut();
      tickUntil("again", () -> device.connectionsSoFar() == connections);
      Await.result(client.send(text("m" + i)));
    }
    device.updateDesired("{\"color\":\"blue\"}");
    Await.until("the change comes", () -> heard.size() >= 2);
    assertThat(heard).hasSize(2);
    assertThat(heard.get(1).changed().asMap()).containsOnlyKeys("color");
  }

  @Test
  void aTwinThatCannotBeReadIsReadLater() {
    device.updateDesired("{\"color\":\"red\"}");
    hub.faults()
        .add(
            InMemoryFault.fail(
                    Point.TWIN_GET, new RejectedException("scripted", Progress.MAYBE_SENT, 429))
                .times(3));
    DeviceClient client = opened(builder(MQTT).onDesiredProperties(heard::add));
    device.updateDesired("{\"size\":3}"); // notified before the first document has arrived
    tickUntil("all come", () -> !heard.isEmpty());
    assertThat(heard.get(0).first()).isTrue();
    Await.until(
        "all changes have arrived",
        () -> heard.get(heard.size() - 1).properties().getLong("size").orElse(0) == 3);
    assertThat(heard.get(heard.size() - 1).properties().getString("color")).hasValue("red");
    assertThat(heard.stream().filter(DesiredChange::first)).hasSize(1);
    assertThat(client.state().cause()).isEmpty();
  }

  @Test
  void changesDuringTheFirstReadingAreNotLost() {
    for (int run = 0; run < 50; run++) {
      heard.clear();
      DeviceClient client = started(builder(MQTT).onDesiredProperties(heard::add));
      String mark = "{\"run\":" + run + ",\"n\":";
      for (int i = 1; i <= 5; i++) {
        device.updateDesired(mark + i + "}");
      }
      int expected = run;
      Await.until(
          "the last change has arrived",
          () ->
              !heard.isEmpty()
                  && heard.get(heard.size() - 1).properties().getLong("run").orElse(-1) == expected
                  && heard.get(heard.size() - 1).properties().getLong("n").orElse(0) == 5);
      assertThat(heard.get(0).first()).isTrue();
      assertThat(heard.stream().map(DesiredChange::version).toList())
          .isSorted()
          .doesNotHaveDuplicates();
      closeNow(client);
    }
  }
}
