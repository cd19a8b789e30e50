package dev.fairlead.localhub.mqtt;

import io.netty.handler.codec.mqtt.MqttConnectMessage;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The options of a client's CONNECT.
 *
 * @param cleanSession whether the client wants no stored session
 * @param keepAliveSeconds its keep-alive interval; 0 for none
 * @param will the message to send if the client disappears without DISCONNECT
 */
record ConnectTerms(boolean cleanSession, int keepAliveSeconds, @Nullable Will will) {

  // 1.5 times the client's keep-alive, but the load balancer cuts idle connections after 29.45
  // minutes.
  private static final long LONGEST_IDLE_MILLIS = 1_767_000;

  /**
   * A message to send if the client disappears.
   *
   * @param topic only the client's telemetry topic has an effect
   * @param payload not shared
   * @param retain whether it was to be retained
   */
  record Will(String topic, ByteBuffer payload, boolean retain) {}

  static ConnectTerms of(MqttConnectMessage connect) {
    Will will = null;
    byte[] message = connect.payload().willMessageInBytes();
    String topic = connect.payload().willTopic();
    if (connect.variableHeader().isWillFlag() && message != null && topic != null) {
      will = new Will(topic, ByteBuffer.wrap(message), connect.variableHeader().isWillRetain());
    }
    return new ConnectTerms(
        connect.variableHeader().isCleanSession(),
        connect.variableHeader().keepAliveTimeSeconds(),
        will);
  }

  /** How long the client may be silent [MQTT-3.1.2-24]. */
  long idleLimitMillis() {
    long asked = keepAliveSeconds * 1500L;
    return asked == 0 ? LONGEST_IDLE_MILLIS : Math.min(asked, LONGEST_IDLE_MILLIS);
  }
}
