package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.mqtt.Topics.MethodCall;
import dev.fairlead.mqtt.Topics.TwinAnswer;
import dev.fairlead.spi.Feed;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.internal.wire.MqttPublish;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicsTest {
  private final Topics topics = new Topics(DeviceIdentity.device("dev-1"));

  @Test
  void namesTheHubsTopics() {
    assertThat(topics.filter(Feed.CLOUD_MESSAGES))
        .isEqualTo("devices/dev-1/messages/devicebound/#");
    assertThat(topics.filter(Feed.DIRECT_METHODS)).isEqualTo("$iothub/methods/POST/#");
    assertThat(topics.filter(Feed.DESIRED_PROPERTIES))
        .isEqualTo("$iothub/twin/PATCH/properties/desired/#");
    assertThat(topics.telemetry(TelemetryMessage.of(new byte[1])))
        .isEqualTo("devices/dev-1/messages/events/");
    assertThat(
            new Topics(DeviceIdentity.module("d", "m"))
                .telemetry(TelemetryMessage.builder().outputName("o").build()))
        .isEqualTo("devices/d/modules/m/messages/events/$.on=o");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {0, 1, 90, 91, 92, 93, 94, 95, 127, 128, 16_340, 16_350, 16_360, 16_384, 200_000})
  void knowsTheExactSizeOfAPacket(int body) throws Exception {
    for (String value : new String[] {"", "x", "ü/\uD83D\uDE00", "y".repeat(500)}) {
      TelemetryMessage message =
          TelemetryMessage.builder()
              .body(new byte[body])
              .messageId("m+1")
              .property("k!", value)
              .build();
      MqttMessage carried = new MqttMessage(message.body());
      carried.setQos(1);
      MqttPublish packet = new MqttPublish(topics.telemetry(message), carried);
      packet.setMessageId(7);
      assertThat(topics.telemetrySize(message))
          .isEqualTo(packet.getHeader().length + packet.getPayload().length);
    }
  }

  @Test
  void readsMethodCalls() {
    assertThat(MethodCall.parse("$iothub/methods/POST/reboot now/?$rid=1f"))
        .contains(new MethodCall("reboot now", "1f"));
    assertThat(MethodCall.parse("$iothub/methods/POST/a/b/?x=1&%24rid=7&y"))
        .contains(new MethodCall("a/b", "7"));
    assertThat(MethodCall.parse("$iothub/methods/POST/what/?/?$rid=7"))
        .contains(new MethodCall("what/?", "7"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "$iothub/methods/POST/",
        "$iothub/methods/POST/?$rid=1",
        "$iothub/methods/POST//?$rid=1",
        "$iothub/methods/POST/x",
        "$iothub/methods/POST/x/?",
        "$iothub/methods/POST/x/?$rid=",
        "$iothub/methods/POST/x/?rid=1",
        "$iothub/methods/POST/x/?$rid=a+b",
        "$iothub/methods/POST/x/?$rid=#",
        "devices/x/?$rid=1",
      })
  void ignoresOtherMethodTopics(String topic) {
    assertThat(MethodCall.parse(topic)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "$iothub/twin/res/200/?$rid=1, 200, 1, -1, -1",
    "$iothub/twin/res/204/?$rid=a-b&$version=17, 204, a-b, 17, -1",
    "$iothub/twin/res/204/?$version=17&$rid=1, 204, 1, 17, -1",
    "$iothub/twin/res/429/?$rid=1&retry-after=3, 429, 1, -1, 3",
    "$iothub/twin/res/204/?$rid=1&$version=x, 204, 1, -1, -1",
    "$iothub/twin/res/204/?$rid=1&$version=99999999999999999999, 204, 1, -1, -1",
  })
  void readsTwinAnswers(String topic, int status, String rid, long version, long retryAfter) {
    TwinAnswer answer = TwinAnswer.parse(topic).orElseThrow();
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.rid()).isEqualTo(rid);
    assertThat(answer.version().orElse(-1)).isEqualTo(version);
    assertThat(answer.retryAfterSeconds().orElse(-1)).isEqualTo(retryAfter);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "$iothub/twin/res/",
        "$iothub/twin/res/200",
        "$iothub/twin/res/200/",
        "$iothub/twin/res/200/?",
        "$iothub/twin/res/-1/?$rid=1",
        "$iothub/twin/res/+1/?$rid=1",
        "$iothub/twin/res/1000/?$rid=1",
        "$iothub/twin/res//?$rid=1",
      })
  void ignoresOtherTwinTopics(String topic) {
    assertThat(TwinAnswer.parse(topic)).isEmpty();
  }

  @Test
  void knowsWhichIdsMqttCarries() {
    assertThat(Topics.carries(DeviceIdentity.device("a:b$c%"))).isTrue();
    assertThat(Topics.carries(DeviceIdentity.device("a+b"))).isFalse();
    assertThat(Topics.carries(DeviceIdentity.module("a", "b#"))).isFalse();
  }
}
