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
  void copiesWhatWasSet() {
    MqttOptions options =
        builder()
            .keepAlive(Duration.ofSeconds(61))
            .window(3, 4)
            .ping(Duration.ofSeconds(7), Duration.ofSeconds(8))
            .will(TelemetryMessage.of(new byte[1]))
            .build();
    assertThat(options.toBuilder().build()).usingRecursiveComparison().isEqualTo(options);
    assertThat(options.toBuilder().window(5, 6).build().window()).isEqualTo(5);
  }

  @Test
  void refusesTimesThatAreNotPositive() {
    assertThatIllegalArgumentException().isThrownBy(() -> builder().lockTime(Duration.ZERO));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder().ping(Duration.ofSeconds(1), Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException().isThrownBy(() -> builder().keepAlive(Duration.ZERO));
  }
}
