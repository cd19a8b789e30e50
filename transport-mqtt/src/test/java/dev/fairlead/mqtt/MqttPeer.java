package dev.fairlead.mqtt;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.peers.PeerConnection;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.tck.RecordingContext;
import dev.fairlead.tck.Target;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The hub's end of one MQTT connection, driven by a script down to the single byte. */
final class MqttPeer {
  static final int CONNECT = 1;
  static final int PUBLISH = 3;
  static final int PUBACK = 4;
  static final int SUBSCRIBE = 8;
  static final int PINGREQ = 12;
  static final int DISCONNECT = 14;

  /** What the hub does with one connection. */
  interface Script {
    void run(MqttPeer peer) throws Exception;
  }

  private final PeerConnection connection;
  private final @Nullable ScriptedWebSocket webSocket;

  private MqttPeer(PeerConnection connection, @Nullable ScriptedWebSocket webSocket) {
    this.connection = connection;
    this.webSocket = webSocket;
  }

  /** A hub on TLS. */
  static ScriptedPeer tls(Script script) {
    return ScriptedPeer.tls(connection -> script.run(new MqttPeer(connection, null)));
  }

  /** A hub whose bytes travel in WebSocket frames, each {@code send} in one. */
  static ScriptedPeer overWebSockets(Script script) {
    return ScriptedPeer.tls(
        connection -> {
          ScriptedWebSocket webSocket = new ScriptedWebSocket(connection);
          connection.readThrough(webSocket.input());
          script.run(new MqttPeer(connection, webSocket));
        });
  }

  static Endpoint endpoint(ScriptedPeer peer) {
    return new Endpoint("localhost", peer.port(), Trust.only(List.of(ScriptedPeer.authority())));
  }

  /** The context of a session with a scripted hub. */
  static RecordingContext.Builder context(ScriptedPeer peer, String deviceId) {
    return RecordingContext.builder(
        new Target(
            "hub.example.net",
            DeviceIdentity.device(deviceId),
            Secret.of("bm90IGEgc2VjcmV0"),
            endpoint(peer)));
  }

  PeerConnection connection() {
    return connection;
  }

  /** The WebSocket below, for what a script has to do there. */
  ScriptedWebSocket webSocket() {
    return Objects.requireNonNull(webSocket, "a WebSocket");
  }

  /** Reads one packet: its first byte, and all behind its length. */
  byte[] read() throws IOException {
    int first = connection.readByte();
    int remaining = 0;
    for (int shift = 0; ; shift += 7) {
      int digit = connection.readByte();
      remaining |= (digit & 127) << shift;
      if (digit < 128) {
        break;
      }
    }
    byte[] packet = new byte[1 + remaining];
    packet[0] = (byte) first;
    connection.input().readFully(packet, 1, remaining);
    return packet;
  }

  static int typeOf(byte[] packet) {
    return (packet[0] & 0xff) >> 4;
  }

  /** Reads until a packet of this type. */
  byte[] await(int type) throws IOException {
    byte[] packet = read();
    while (typeOf(packet) != type) {
      packet = read();
    }
    return packet;
  }

  void send(int... bytes) throws IOException {
    byte[] raw = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      raw[i] = (byte) bytes[i];
    }
    send(raw);
  }

  void send(byte[] bytes) throws IOException {
    if (webSocket != null) {
      webSocket.send(bytes);
    } else {
      connection.write(bytes);
    }
  }

  void acknowledge(int packetId) throws IOException {
    send(PUBACK << 4, 2, packetId >> 8, packetId);
  }

  /** Does what a hub does until the session is open. */
  void welcome() throws IOException {
    await(CONNECT);
    send(0x20, 2, 0, 0);
    grant(await(SUBSCRIBE));
  }

  /** Answers a SUBSCRIBE and grants each filter the QoS that it asks for. */
  void grant(byte[] subscribe) throws IOException {
    ByteArrayOutputStream granted = new ByteArrayOutputStream();
    for (int at = 3; at < subscribe.length; ) {
      at += 2 + ((subscribe[at] & 0xff) << 8 | subscribe[at + 1] & 0xff);
      granted.write(subscribe[at++]);
    }
    byte[] suback = new byte[4 + granted.size()];
    suback[0] = (byte) 0x90;
    suback[1] = (byte) (2 + granted.size());
    suback[2] = subscribe[1];
    suback[3] = subscribe[2];
    System.arraycopy(granted.toByteArray(), 0, suback, 4, granted.size());
    send(suback);
  }

  /** Reads until the client has closed the connection. */
  void drain() throws IOException {
    try {
      while (true) {
        read();
      }
    } catch (EOFException e) {
      // Closed.
    }
  }

  /** The topic of a PUBLISH that was read. */
  static String topicOf(byte[] publish) {
    int length = (publish[1] & 0xff) << 8 | publish[2] & 0xff;
    return new String(publish, 3, length, StandardCharsets.UTF_8);
  }

  /** The packet id of a QoS 1 PUBLISH, of a PUBACK or of a SUBSCRIBE that was read. */
  static int packetIdOf(byte[] packet) {
    int at = typeOf(packet) == PUBLISH ? 3 + ((packet[1] & 0xff) << 8 | packet[2] & 0xff) : 1;
    return (packet[at] & 0xff) << 8 | packet[at + 1] & 0xff;
  }

  /**
   * A PUBLISH packet with a given first byte; packet id (none if negative) and payload as given.
   */
  static byte[] publish(int first, byte[] topic, int packetId, String payload) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.write(topic.length >> 8);
    body.write(topic.length);
    body.writeBytes(topic);
    if (packetId >= 0) {
      body.write(packetId >> 8);
      body.write(packetId);
    }
    body.writeBytes(payload.getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(first);
    int left = body.size();
    do {
      packet.write(left > 127 ? (left & 127) | 128 : left);
      left >>= 7;
    } while (left > 0);
    packet.writeBytes(body.toByteArray());
    return packet.toByteArray();
  }

  static byte[] publish(int first, String topic, int packetId, String payload) {
    return publish(first, topic.getBytes(StandardCharsets.UTF_8), packetId, payload);
  }
}
