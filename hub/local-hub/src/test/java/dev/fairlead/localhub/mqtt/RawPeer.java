package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.ClientIdentity;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * An MQTT client that writes its packets byte by byte, so that the hub is not tested against its
 * own codec.
 */
public final class RawPeer implements AutoCloseable {

  static final int CONNACK = 2;
  static final int PUBLISH = 3;
  static final int PUBACK = 4;
  static final int SUBACK = 9;
  static final int UNSUBACK = 11;
  static final int PINGRESP = 13;
  private static final int READ_LIMIT_MILLIS = 20_000;

  private final SSLSocket socket;
  private final DataInputStream in;
  private final OutputStream out;

  record Packet(int type, int flags, byte[] content) {
    String topic() {
      return new String(content, 2, topicLength(), StandardCharsets.UTF_8);
    }

    int qos() {
      return (flags >> 1) & 3;
    }

    boolean isDup() {
      return (flags & 8) != 0;
    }

    int packetId() {
      int at = type == PUBLISH ? 2 + topicLength() : 0;
      return unsigned16(at);
    }

    String body() {
      int at = 2 + topicLength() + (qos() > 0 ? 2 : 0);
      return new String(content, at, content.length - at, StandardCharsets.UTF_8);
    }

    private int topicLength() {
      return unsigned16(0);
    }

    private int unsigned16(int at) {
      return (content[at] & 0xff) << 8 | (content[at + 1] & 0xff);
    }
  }

  private RawPeer(SSLSocket socket, InputStream in, OutputStream out) {
    this.socket = socket;
    this.in = new DataInputStream(in);
    this.out = out;
  }

  /** Opens TLS, and sends nothing. */
  static RawPeer open(LocalHub hub) throws IOException {
    return open(hub, null);
  }

  static RawPeer open(LocalHub hub, @Nullable ClientIdentity identity) throws IOException {
    SSLSocket socket = dial(hub, identity, hub.mqttPort());
    return new RawPeer(socket, socket.getInputStream(), socket.getOutputStream());
  }

  /** Continues over an open WebSocket. */
  static RawPeer over(WebSocketPeer webSocket) {
    return new RawPeer(webSocket.socket(), webSocket.in(), webSocket.out());
  }

  /** TLS to a port of the hub. */
  public static SSLSocket dial(LocalHub hub, @Nullable ClientIdentity identity, int port)
      throws IOException {
    try {
      SSLContext tls = context(hub, identity);
      SSLSocket socket =
          (SSLSocket) tls.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(READ_LIMIT_MILLIS);
      socket.startHandshake();
      return socket;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  static SSLContext context(LocalHub hub, @Nullable ClientIdentity identity)
      throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", hub.caCertificate());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyManagerFactory keys = null;
    if (identity != null) {
      KeyStore own = KeyStore.getInstance(KeyStore.getDefaultType());
      own.load(null, null);
      own.setKeyEntry(
          "client",
          identity.key(),
          new char[0],
          identity.chain().toArray(new java.security.cert.Certificate[0]));
      keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, new char[0]);
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  /** Connects with a token of one hour and a persistent session, and expects CONNACK 0. */
  static RawPeer connected(LocalHub hub, Device device) throws IOException {
    RawPeer peer = open(hub);
    peer.send(Connect.as(hub, device));
    peer.expectConnack(0);
    return peer;
  }

  /** A builder of a CONNECT packet. */
  record Connect(
      String clientId,
      @Nullable String userName,
      @Nullable String password,
      boolean clean,
      int keepAlive,
      int level,
      @Nullable String willTopic,
      String willBody,
      int willFlags) {

    static Connect as(LocalHub hub, Device device) {
      return as(hub, device, Instant.now().plusSeconds(3600));
    }

    static Connect as(LocalHub hub, Device device, Instant expiry) {
      String id = device.deviceId() + device.moduleId().map(m -> "/" + m).orElse("");
      String path =
          "/devices/" + device.deviceId() + device.moduleId().map(m -> "/modules/" + m).orElse("");
      return anonymous(hub, id).password(token(hub.hostName() + path, device.primaryKey(), expiry));
    }

    static Connect anonymous(LocalHub hub, String id) {
      String user = hub.hostName() + "/" + id + "/?api-version=2021-04-12&DeviceClientType=test";
      return new Connect(id, user, null, false, 240, 4, null, "", 0);
    }

    Connect password(@Nullable String value) {
      return new Connect(
          clientId, userName, value, clean, keepAlive, level, willTopic, willBody, willFlags);
    }

    Connect userName(@Nullable String value) {
      return new Connect(
          clientId, value, password, clean, keepAlive, level, willTopic, willBody, willFlags);
    }

    Connect cleanSession() {
      return new Connect(
          clientId, userName, password, true, keepAlive, level, willTopic, willBody, willFlags);
    }

    Connect keepAlive(int seconds) {
      return new Connect(
          clientId, userName, password, clean, seconds, level, willTopic, willBody, willFlags);
    }

    Connect level(int value) {
      return new Connect(
          clientId, userName, password, clean, keepAlive, value, willTopic, willBody, willFlags);
    }

    Connect will(String topic, String body, boolean retain) {
      int flags = 4 | (retain ? 32 : 0);
      return new Connect(clientId, userName, password, clean, keepAlive, level, topic, body, flags);
    }

    byte[] packet() {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      content.writeBytes(text("MQTT"));
      content.write(level);
      content.write(
          (userName != null ? 128 : 0) | (password != null ? 64 : 0) | willFlags | (clean ? 2 : 0));
      content.writeBytes(new byte[] {(byte) (keepAlive >> 8), (byte) keepAlive});
      if (level == 5) {
        content.write(0); // MQTT 5: no properties
      }
      content.writeBytes(text(clientId));
      if (willTopic != null) {
        content.writeBytes(text(willTopic));
        content.writeBytes(text(willBody));
      }
      if (userName != null) {
        content.writeBytes(text(userName));
      }
      if (password != null) {
        content.writeBytes(text(password));
      }
      return RawPeer.packet(0x10, content.toByteArray());
    }
  }

  /** A SAS token. */
  public static String token(String resource, String key, Instant expiry) {
    return token(resource, key, expiry, null);
  }

  /** A SAS token. */
  public static String token(String resource, String key, Instant expiry, @Nullable String policy) {
    try {
      String sr = URLEncoder.encode(resource, StandardCharsets.UTF_8);
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(key), "HmacSHA256"));
      byte[] sig =
          mac.doFinal((sr + "\n" + expiry.getEpochSecond()).getBytes(StandardCharsets.UTF_8));
      return "SharedAccessSignature sr="
          + sr
          + "&sig="
          + URLEncoder.encode(Base64.getEncoder().encodeToString(sig), StandardCharsets.UTF_8)
          + "&se="
          + expiry.getEpochSecond()
          + (policy == null ? "" : "&skn=" + policy);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  void send(Connect connect) throws IOException {
    send(connect.packet());
  }

  void send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Publishes; at QoS 0 the packet id is left out. */
  void publish(String topic, String body, int qos, int packetId) throws IOException {
    send(publishPacket(topic, body.getBytes(StandardCharsets.UTF_8), qos << 1, packetId));
  }

  static byte[] publishPacket(String topic, byte[] body, int flags, int packetId) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(text(topic));
    if ((flags & 6) != 0) {
      content.writeBytes(new byte[] {(byte) (packetId >> 8), (byte) packetId});
    }
    content.writeBytes(body);
    return packet(0x30 | flags, content.toByteArray());
  }

  /** Subscribes to one filter and answers what the hub granted. */
  int subscribe(String filter, int qos) throws IOException {
    sendSubscribe(filter, qos);
    Packet suback = expect(SUBACK);
    return suback.content()[2] & 0xff;
  }

  void sendSubscribe(String filter, int qos) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(new byte[] {0, 77});
    content.writeBytes(text(filter));
    content.write(qos);
    send(packet(0x82, content.toByteArray()));
  }

  void unsubscribe(String filter) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.writeBytes(new byte[] {0, 78});
    content.writeBytes(text(filter));
    send(packet(0xa2, content.toByteArray()));
    expect(UNSUBACK);
  }

  void puback(int packetId) throws IOException {
    send(new byte[] {0x40, 2, (byte) (packetId >> 8), (byte) packetId});
  }

  void ping() throws IOException {
    send(new byte[] {(byte) 0xc0, 0});
  }

  void disconnect() throws IOException {
    send(new byte[] {(byte) 0xe0, 0});
  }

  static byte[] packet(int head, byte[] content) {
    ByteArrayOutputStream packet = new ByteArrayOutputStream();
    packet.write(head);
    int length = content.length;
    do {
      int digit = length % 128;
      length /= 128;
      packet.write(length > 0 ? digit | 128 : digit);
    } while (length > 0);
    packet.writeBytes(content);
    return packet.toByteArray();
  }

  private static byte[] text(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream field = new ByteArrayOutputStream();
    field.writeBytes(new byte[] {(byte) (utf8.length >> 8), (byte) utf8.length});
    field.writeBytes(utf8);
    return field.toByteArray();
  }

  Packet read() throws IOException {
    int head = in.readUnsignedByte();
    int length = 0;
    for (int shift = 0; ; shift += 7) {
      int digit = in.readUnsignedByte();
      length |= (digit & 127) << shift;
      if ((digit & 128) == 0) {
        break;
      }
    }
    byte[] content = new byte[length];
    in.readFully(content);
    return new Packet(head >> 4, head & 15, content);
  }

  Packet expect(int type) throws IOException {
    Packet packet = read();
    if (packet.type() != type) {
      throw new AssertionError("expected a packet of type " + type + ", got " + packet.type());
    }
    return packet;
  }

  /** Expects this CONNACK code and answers whether a session is present. */
  boolean expectConnack(int code) throws IOException {
    Packet connack = expect(CONNACK);
    if (connack.content()[1] != (byte) code) {
      throw new AssertionError("expected CONNACK " + code + ", got " + connack.content()[1]);
    }
    return connack.content()[0] == 1;
  }

  /** Expects the hub to close the connection without sending anything before. */
  void expectEnd() throws IOException {
    try {
      Packet packet = read();
      throw new AssertionError(
          "expected the end of the connection, got a packet of type " + packet.type());
    } catch (EOFException | java.net.SocketException e) {
      // Expected: the connection has ended.
    }
  }

  /**
   * Proves that the connection is alive and the hub idle: all earlier packets have been handled,
   * and nothing else was sent.
   */
  void expectNothingBeforePong() throws IOException {
    ping();
    expect(PINGRESP);
  }

  InputStream rawInput() {
    return in;
  }

  void timeout(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
