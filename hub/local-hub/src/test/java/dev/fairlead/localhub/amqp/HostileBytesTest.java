package dev.fairlead.localhub.amqp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.engine.EndpointState;
import org.apache.qpid.proton.engine.Sender;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Input from a hostile client, or from a peer that is not an AMQP client. */
class HostileBytesTest {

  private static final String EVENTS = "/devices/dev-1/messages/events";
  private static final byte[] HEADER = {'A', 'M', 'Q', 'P', 0, 1, 0, 0};
  private static final byte[] SASL_HEADER = {'A', 'M', 'Q', 'P', 3, 1, 0, 0};

  private EmbeddedHub hub;

  HostileBytesTest() throws IOException {
    hub = new EmbeddedHub();
  }

  @BeforeEach
  void startAnew() throws IOException {
    hub = new EmbeddedHub();
  }

  /** The complete output of a client that sends one telemetry message. */
  private byte[] conversation(String mechanism) throws IOException {
    EmbeddedHub.Line line = hub.new Line();
    AmqpPeer peer = mechanism.isEmpty() ? AmqpPeer.bare(line) : AmqpPeer.sasl(line, mechanism);
    try (peer) {
      peer.open();
      assertThat(peer.putToken("localhost/devices/dev-1", hub.token())).isEqualTo(200);
      Sender link = peer.sender(EVENTS);
      assertThat(peer.send(link, AmqpPeer.with(AmqpPeer.message("x"), "k", "v")))
          .isInstanceOf(Accepted.class);
      return line.said.toByteArray();
    }
  }

  @Test
  void bytesMayComeInAnyPieces() throws IOException {
    byte[] all = conversation("ANONYMOUS");
    long before = hub.core.telemetry().total();
    for (int split = 1; split < all.length; split++) {
      EmbeddedHub.Line line = hub.new Line();
      line.write(Arrays.copyOf(all, split));
      line.write(Arrays.copyOfRange(all, split, all.length));
      line.drain();
      line.close();
      assertThat(hub.core.telemetry().total()).as("split at " + split).isEqualTo(before + split);
    }
    EmbeddedHub.Line line = hub.new Line();
    for (byte single : all) {
      line.write(new byte[] {single});
    }
    line.close();
    assertThat(hub.core.telemetry().total()).isEqualTo(before + all.length);
    assertThat(hub.device.isConnected()).isFalse();
  }

  @Test
  void noBytesThatAreWrongDoHarm() throws IOException {
    byte[] all = conversation("ANONYMOUS");
    Random random = new Random(7);
    for (int at = 0; at < all.length; at++) {
      byte[] spoiled = all.clone();
      spoiled[at] = (byte) (at % 2 == 0 ? ~spoiled[at] : random.nextInt(256));
      EmbeddedHub.Line line = hub.new Line();
      line.write(spoiled);
      line.drain();
      line.close();
    }
    assertThat(hub.device.isConnected()).isFalse();
    conversation("");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void nothingAtRandomDoesHarm(int kind) throws IOException {
    Random random = new Random(11 + kind);
    for (int run = 0; run < 300; run++) {
      EmbeddedHub.Line line = hub.new Line();
      byte[] noise = new byte[random.nextInt(600)];
      random.nextBytes(noise);
      if (kind > 0) {
        line.write(kind == 1 ? HEADER : SASL_HEADER);
        // A frame with a correct length, so that its content is decoded.
        line.write(frame(kind - 1, 0, noise));
      } else {
        line.write(noise);
      }
      line.drain();
      line.close();
    }
    conversation("");
  }

  private static byte[] frame(int type, int channel, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    int length = 8 + content.size();
    frame.writeBytes(
        new byte[] {
          (byte) (length >> 24),
          (byte) (length >> 16),
          (byte) (length >> 8),
          (byte) length,
          2,
          (byte) type,
          (byte) (channel >> 8),
          (byte) channel
        });
    frame.writeBytes(content.toByteArray());
    return frame.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"7fffffff", "ffffffff", "00010001", "00000007", "00000000"})
  void noFrameIsLargerOrSmallerThanItMayBe(String length) throws IOException {
    expectClose(
        "framing-error",
        line -> line.write(java.util.HexFormat.of().parseHex(length + "02000000")));
  }

  /** An action of a test on an open connection. */
  @FunctionalInterface
  private interface Attack {
    void on(EmbeddedHub.Line line) throws IOException;
  }

  private void expectClose(String condition, Attack attack) throws IOException {
    EmbeddedHub.Line line = hub.new Line();
    try (AmqpPeer peer = AmqpPeer.bare(line).open()) {
      attack.on(line);
      assertThat(peer.closed().getCondition().toString()).contains(condition);
    }
  }

  @Test
  void valuesDoNotNestWithoutEnd() throws IOException {
    byte[] described = new byte[60_000];
    for (int i = 0; i + 3 <= described.length; i += 3) {
      described[i + 1] = 0x53;
      described[i + 2] = 0x10; // Described by "open", described by "open", described by …
    }
    expectClose("decode-error", line -> line.write(frame(0, 0, described)));
    byte[] lists = new byte[] {0x45};
    for (int i = 0; i < 5000; i++) {
      lists = list(lists);
    }
    byte[] deep = lists;
    expectClose("decode-error", line -> line.write(frame(0, 0, new byte[] {0, 0x53, 0x10}, deep)));
  }

  private static byte[] list(byte[] content) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    int size = content.length + 4;
    list.writeBytes(
        new byte[] {
          (byte) 0xd0,
          (byte) (size >> 24),
          (byte) (size >> 16),
          (byte) (size >> 8),
          (byte) size,
          0,
          0,
          0,
          1
        });
    list.writeBytes(content);
    return list.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {0x43, 0x44, 0x45, 0x40, 0x41, 0x42})
  void anArrayOfNothingIsNotLong(int type) throws IOException {
    byte[] array = {
      (byte) 0xf0, 0, 0, 0, 5, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) type
    };
    expectClose(
        "decode-error", line -> line.write(frame(0, 0, new byte[] {0, 0x53, 0x10}, list(array))));
    EmbeddedHub.Line line = hub.new Line();
    try (AmqpPeer peer = opened(line)) {
      Sender link = peer.sender(EVENTS);
      ByteArrayOutputStream message = new ByteArrayOutputStream();
      message.writeBytes(new byte[] {0, 0x53, 0x77});
      message.writeBytes(array);
      assertThat(peer.outcome(peer.start(link, message.toByteArray(), 0)).toString())
          .contains("decode-error");
    }
  }

  @Test
  void descriptorsThatNobodyKnowsAreNotRemembered() throws IOException {
    byte[] unknown = {0, (byte) 0xa3, 4, 'e', 'v', 'i', 'l', 0x45};
    expectClose("decode-error", line -> line.write(frame(0, 0, unknown)));
  }

  // --- transfers that a correct engine does not send

  private AmqpPeer opened(EmbeddedHub.Line line) throws IOException {
    AmqpPeer peer = AmqpPeer.bare(line).open();
    assertThat(peer.putToken("localhost/devices/dev-1", hub.token())).isEqualTo(200);
    return peer;
  }

  /** On channel 1, the first after that of the tokens. */
  private static byte[] transfer(int handle, int delivery, boolean more, int payload) {
    byte[] tag = Integer.toString(delivery).getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream fields = new ByteArrayOutputStream();
    fields.writeBytes(new byte[] {0x52, (byte) handle, 0x70, 0, 0, 0, 0});
    fields.writeBytes(
        new byte[] {
          (byte) (delivery >> 24), (byte) (delivery >> 16), (byte) (delivery >> 8), (byte) delivery
        });
    byte[] head = fields.toByteArray();
    byte[] id = {0x70, head[7], head[8], head[9], head[10]};
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    list.writeBytes(new byte[] {0x52, (byte) handle});
    list.writeBytes(id);
    list.writeBytes(new byte[] {(byte) 0xa0, (byte) tag.length});
    list.writeBytes(tag);
    list.writeBytes(new byte[] {0x43, 0x42, (byte) (more ? 0x41 : 0x42)});
    byte[] content = list.toByteArray();
    byte[] performative = {0, 0x53, 0x14, (byte) 0xc0, (byte) (content.length + 1), 6};
    return frame(0, 1, performative, content, new byte[payload]);
  }

  @Test
  void aMessageThatNeverEndsEndsTheLinkAndThenTheConnection() throws IOException {
    EmbeddedHub.Line line = hub.new Line();
    try (AmqpPeer peer = opened(line)) {
      Sender link = peer.sender(EVENTS);
      for (int i = 0; i < 17; i++) {
        line.write(transfer(0, 0, true, 65_000));
      }
      peer.until(() -> link.getRemoteState() == EndpointState.CLOSED);
      assertThat(link.getRemoteCondition().getCondition().toString())
          .isEqualTo("amqp:link:message-size-exceeded");
      for (int i = 0; i < 2500 && line.channel.isOpen(); i++) {
        line.write(transfer(0, 0, true, 1000));
      }
      assertThat(peer.closed().getCondition().toString()).contains("framing-error");
    }
  }

  @Test
  void manyMessagesThatNeverEndAreBoundedTogether() throws IOException {
    EmbeddedHub.Line line = hub.new Line();
    try (AmqpPeer peer = AmqpPeer.bare(line).open()) {
      for (int i = 0; i < 20; i++) {
        var device =
            hub.core
                .registry()
                .create(
                    dev.fairlead.localhub.registry.IdentityId.ofDevice("d" + i),
                    dev.fairlead.localhub.DeviceAuth.randomKeys());
        String name = "localhost/devices/d" + i;
        String token =
            dev.fairlead.localhub.mqtt.RawPeer.token(
                name, device.primaryKey(), hub.time.now().plusSeconds(3600));
        assertThat(peer.putToken(name, token)).isEqualTo(200);
        if (i == 0) {
          peer.newSession();
        }
        peer.sender("/devices/d" + i + "/messages/events");
      }
      for (int handle = 0; handle < 20 && line.channel.isOpen(); handle++) {
        for (int part = 0; part < 16; part++) {
          line.write(transfer(handle, handle, true, 65_000));
        }
      }
      assertThat(peer.closed().getCondition().toString()).isEqualTo("amqp:resource-limit-exceeded");
    }
  }

  @Test
  void whoSendsWithoutCreditLosesTheLink() throws IOException {
    EmbeddedHub.Line line = hub.new Line();
    try (AmqpPeer peer = opened(line)) {
      Sender link = peer.sender(EVENTS);
      ByteArrayOutputStream many = new ByteArrayOutputStream();
      for (int i = 0; i < 1001; i++) {
        many.writeBytes(transfer(0, i, false, 0));
      }
      line.write(many.toByteArray()); // In one write, so that no credit can arrive in between.
      peer.until(() -> link.getRemoteState() == EndpointState.CLOSED);
      assertThat(link.getRemoteCondition().getCondition().toString())
          .isEqualTo("amqp:link:transfer-limit-exceeded");
    }
  }
}
