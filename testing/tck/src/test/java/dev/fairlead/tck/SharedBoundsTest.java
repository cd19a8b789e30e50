package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.MQTT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceClient;
import dev.fairlead.Gateway;
import dev.fairlead.OutboxBudget;
import dev.fairlead.OutboxLimits;
import dev.fairlead.RateLimit;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the devices of a gateway, and the clients of a process, may do together. */
class SharedBoundsTest extends GatewayCase {
  private static int accepted(DeviceClient client, int tries) {
    int taken = 0;
    for (int i = 0; i < tries; i++) {
      taken += client.send(text("m")).isCompletedExceptionally() ? 0 : 1;
    }
    return taken;
  }

  @Test
  void aGatewayAndItsDevicesKeepTheirRates() {
    Gateway gateway = built(gatewayOver(like(AMQP)).rateLimit(RateLimit.of(10)));
    DeviceClient flood = opening(device(gateway, "flood"));
    DeviceClient slow = opening(device(gateway, "slow").rateLimit(RateLimit.of(0.5)));
    awaitConnected(List.of(flood, slow));

    Instant begun = time.now();
    accepted(flood, 100);
    Await.until("a burst", () -> flood.outbox().accepted() == 10);
    accepted(slow, 100);
    tickUntil("all", () -> flood.outbox().accepted() == 100);

    assertThat(Duration.between(begun, time.now()))
        .isBetween(Duration.ofSeconds(9), Duration.ofSeconds(60));
    assertThat(slow.outbox().accepted()).isBetween(4L, 31L);
    assertThat(flood.outbox().underWay()).isZero();
  }

  @Test
  void aSourceIsPausedAndGoesOn() {
    DeviceClient client =
        built(builder(MQTT).outbox(OutboxLimits.builder().maxMessages(4).build()));
    assertThat(client.whenRoom()).isCompleted();
    accepted(client, 4);
    var room = client.whenRoom();
    assertThat(room).isNotDone();

    assertThat(client.open()).isNotNull();

    Await.result(room);
    assertThat(client.outbox().accepted()).isPositive();
    closeNow(client);
  }

  @Test
  void aGatewayAndAClientShareABudget() {
    OutboxBudget budget = OutboxBudget.of(30, 1 << 20);
    Gateway gateway = built(gatewayOver(like(AMQP)).outboxBudget(budget));
    DeviceClient flood = device(gateway, "flood").build();
    DeviceClient quiet = device(gateway, "quiet").build();
    DeviceClient single = built(builder(MQTT).outboxBudget(budget));

    assertThat(accepted(flood, 100)).as("its part, and half of all").isEqualTo(20);
    assertThat(accepted(quiet, 100)).isEqualTo(5);
    assertThat(accepted(single, 100)).isEqualTo(5);
    assertThat(budget.use().outboxes()).isEqualTo(3);
    assertThat(budget.use().messages()).isEqualTo(30);

    assertThat(flood.open()).isNotNull();
    Await.until("delivered", () -> flood.outbox().accepted() == 20);
    assertThat(accepted(quiet, 100)).as("what the others have left").isEqualTo(15);
    closeNow(gateway);
    assertThat(budget.use().outboxes()).isEqualTo(1);
  }
}
