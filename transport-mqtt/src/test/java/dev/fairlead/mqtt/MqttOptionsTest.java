package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fairlead.TelemetryMessage;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MqttOptionsTest {
  private static MqttOptions.Builder builder() {
    return MqttOptions.builder();
  }

  /** CONNECT has 16 bits for the length of a will. [MQTT-3.1.3.3] */
  @Test
  void refusesAWillThatConnectCannotCarry() {
    TelemetryMessage largest = TelemetryMessage.of(new byte[65_535]);
    assertThat(builder().will(largest).build().will()).contains(largest);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().will(TelemetryMessage.of(new byte[65_536])))
        .withMessageContaining("at most 65535 bytes")
        .withMessageContaining("not 65536");
  }

  @Test
  void refusesAWillWhosePropertiesDoNotFitIntoATopic() {
    TelemetryMessage.Builder message = TelemetryMessage.builder();
    for (int i = 0; i < 5; i++) {
      message.property("p" + i, "ü".repeat(3000));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().will(message.build()))
        .withMessageContaining("properties of a will");
  }

  @Test
  void refusesTimesThatAreNotPositive() {
    assertThatIllegalArgumentException().isThrownBy(() -> builder().lockTime(Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().ping(Duration.ofSeconds(1), Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> builder().keepAlive(Duration.ZERO));
  }
}
