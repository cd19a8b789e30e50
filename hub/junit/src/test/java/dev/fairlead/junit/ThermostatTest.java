package dev.fairlead.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.BlockingDeviceClient;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.MethodResponse;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.Feedback;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.MethodResult;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A test as a user of the extension writes it. */
@LocalHubTest
class ThermostatTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @Test
  void aThermostatSpeaksAndListens(LocalHub hub, Device device, DeviceClientBuilder builder)
      throws Exception {
    BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    BlockingQueue<Long> targets = new LinkedBlockingQueue<>();
    DeviceClient client =
        builder
            .onCloudMessage(
                message -> {
                  messages.add(message.text());
                  message.complete();
                })
            .onMethod("reboot", request -> MethodResponse.ok("{\"in\":" + request.payload() + "}"))
            .onDesiredProperties(
                change -> change.properties().getLong("target").ifPresent(targets::add))
            .build();
    BlockingDeviceClient thermostat = client.blocking(SOON);
    thermostat.open();

    thermostat.send(TelemetryMessage.json("{\"celsius\":21.5}"));
    assertThat(hub.telemetry().receivedFrom(device.deviceId()))
        .singleElement()
        .satisfies(record -> assertThat(record.bodyAsText()).isEqualTo("{\"celsius\":21.5}"));

    Feedback feedback =
        device
            .sendCloudMessage(CloudToDeviceMessage.of("hello"))
            .feedback()
            .get(20, TimeUnit.SECONDS);
    assertThat(feedback).isEqualTo(Feedback.SUCCESS);
    assertThat(messages).containsExactly("hello");

    MethodResult result =
        device.invokeMethod("reboot", "5", Duration.ZERO, SOON).get(20, TimeUnit.SECONDS);
    assertThat(result).isEqualTo(new MethodResult(200, "{\"in\":5}"));

    device.updateDesired("{\"target\":19}");
    assertThat(targets.poll(20, TimeUnit.SECONDS)).isEqualTo(19);
    thermostat.updateReportedProperties(Map.of("target", 19));
    assertThat(device.twin().reported()).isEqualTo("{\"target\":19}");
  }
}
