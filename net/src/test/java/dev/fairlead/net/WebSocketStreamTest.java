package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The two streams against bytes written by hand. */
@Timeout(60)
class WebSocketStreamTest {
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final WebSocketOutput output = new WebSocketOutput(sent, new SecureRandom());

  private WebSocketInput input(String hex) {
    return input(new ByteArrayInputStream(HexFormat.of().parseHex(hex.replace(" ", ""))));
  }

  private WebSocketInput input(InputStream bytes) {
    return new WebSocketInput(bytes, output);
  }

  /** One frame of a client: opcode and payload, unmasked. */
  private record Frame(int opcode, byte[] payload) {
    String text() {
      return opcode + ":" + HexFormat.of().formatHex(payload);
    }
  }

  private static List<Frame> frames(byte[] bytes) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    List<Frame> found = new ArrayList<>();
    while (in.available() > 0) {
      int first = in.readUnsignedByte();
      assertThat(first & 0xf0).as("final, nothing reserved").isEqualTo(0x80);
      int second = in.readUnsignedByte();
      assertThat(second & 0x80).as("masked").isEqualTo(0x80);
      int length = second & 0x7f;
      if (length == 126) {
        length = in.readUnsignedShort();
        assertThat(length).isGreaterThan(125);
      }
      byte[] mask = new byte[4];
      in.readFully(mask);
      byte[] payload = new byte[length];
      in.readFully(payload);
      for (int i = 0; i < length; i++) {
        payload[i] = (byte) (payload[i] ^ mask[i % 4]);
      }
      found.add(new Frame(first & 15, payload));
    }
    return found;
  }

  private List<String> answers() throws IOException {
    return frames(sent.toByteArray()).stream().map(Frame::text).toList();
  }

  @Test
  void passesOnThePayloadOfFragmentsWithPingsBetween() throws IOException {
    WebSocketInput in =
        input(
            "02 02 0102"
                + "89 03 aabbcc"
                + "00 00"
                + "00 01 03"
                + "8a 01 ff"
                + "80 01 04"
                + "82 01 05");

    assertThat(in.readAllBytes()).containsExactly(1, 2, 3, 4, 5);
    assertThat(answers()).containsExactly("10:aabbcc");
  }

  @Test
  void readsEveryFormOfLengthSplitAtEveryByte() throws IOException {
    Random random = new Random(1);
    for (int length : new int[] {0, 1, 125, 126, 65535, 65536, 70000}) {
      byte[] payload = new byte[length];
      random.nextBytes(payload);
      byte[] frame = serverFrame(0x82, payload);
      InputStream dripping =
          new ByteArrayInputStream(frame) {
            @Override
            public synchronized int read(byte[] target, int offset, int count) {
              return super.read(target, offset, Math.min(count, 1));
            }
          };

      assertThat(input(dripping).readAllBytes()).isEqualTo(payload);
    }
  }

  /** A read that reaches its limit loses nothing, wherever in a frame it was. */
  @Test
  void canBeReadOnAfterATimeoutAtEveryByte() throws IOException {
    byte[] frames =
        HexFormat.of()
            .parseHex(
                ("02 02 0102" + "89 03 aabbcc" + "80 7e 0080" + "07".repeat(128) + "82 00")
                        .replace(" ", "")
                    + "827f0000000000010000"
                    + "08".repeat(65536)
                    + "8a00"
                    + "880203e8");
    InputStream halting =
        new InputStream() {
          private int at;
          private boolean halted;

          @Override
          public int read() {
            throw new UnsupportedOperationException();
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            halted = !halted;
            if (halted) {
              throw new SocketTimeoutException("nothing yet");
            }
            if (at == frames.length) {
              return -1;
            }
            target[offset] = frames[at++];
            return 1;
          }
        };
    WebSocketInput in = input(halting);
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    byte[] target = new byte[64];
    int count = 0;
    while (count >= 0) {
      try {
        count = in.read(target);
        read.write(target, 0, Math.max(count, 0));
      } catch (SocketTimeoutException e) {
        assertThat(e).hasMessage("nothing yet");
      }
    }

    byte[] expected = new byte[2 + 128 + 65536];
    expected[0] = 1;
    expected[1] = 2;
    Arrays.fill(expected, 2, 130, (byte) 7);
    Arrays.fill(expected, 130, expected.length, (byte) 8);
    assertThat(read.toByteArray()).isEqualTo(expected);
    assertThat(answers()).containsExactly("10:aabbcc", "8:03e8");
  }

  @Test
  void readsManySmallFramesAtOnce() throws IOException {
    int[] reads = new int[1];
    InputStream counted =
        new ByteArrayInputStream(HexFormat.of().parseHex("820107".repeat(100))) {
          @Override
          public synchronized int read(byte[] target, int offset, int count) {
            reads[0]++;
            return super.read(target, offset, count);
          }
        };

    assertThat(input(counted).readNBytes(100)).containsOnly(7);
    assertThat(reads[0]).isLessThan(10);
  }

  @Test
  void countsWhatIsAvailableInsideAFrameOnly() throws IOException {
    WebSocketInput in = input("82 03 010203" + "82 01 04");

    assertThat(in.available()).isZero();
    assertThat(in.read()).isEqualTo(1);
    assertThat(in.available()).isEqualTo(2);
    assertThat(in.readNBytes(3)).containsExactly(2, 3, 4);
    assertThat(in.available()).isZero();
  }

  @Test
  void allocatesNothingForAHugeLength() throws IOException {
    WebSocketInput in = input("82 7f 7fffffffffffffff 010203");
    byte[] three = new byte[8];

    assertThat(in.read(three)).isEqualTo(3);
    assertThatThrownBy(in::read)
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("inside a WebSocket frame");
  }

  @ParameterizedTest
  @CsvSource({
    "c2 00, reserved bits set, 03ea",
    "a2 00, reserved bits set, 03ea",
    "92 00, reserved bits set, 03ea",
    "82 80 00000000, a masked frame, 03ea",
    "81 01 41, a text message, 03eb",
    "83 00, unknown kind 3, 03ea",
    "8b 00, unknown kind 11, 03ea",
    "80 00, a continuation of no message, 03ea",
    "02 01 01 82 01 02, a new message inside another, 03ea",
    "09 00, a control frame in fragments, 03ea",
    "89 7e 007e, more than 125 bytes, 03ea",
    "89 7f 00000000ffffffff, more than 125 bytes, 03ea",
    "82 7f ffffffffffffffff, highest bit set, 03ea",
    "82 7e 0001 00, a longer form, 03ea",
    "82 7f 0000000000000001 00, a longer form, 03ea",
    "88 01 03, half a status, 03ea",
    "88 02 0000, the close status 0, 03ea",
    "88 02 03ed, the close status 1005, 03ea",
    "88 02 1388, the close status 5000, 03ea",
  })
  void endsOnEveryBreachOfTheRules(String bytes, String words, String status) throws IOException {
    WebSocketInput in = input(bytes);

    assertThatThrownBy(in::readAllBytes)
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("broke the rules of WebSocket (RFC 6455)")
        .hasMessageContaining(words);
    assertThat(answers()).containsExactly("8:" + status);
    assertThatThrownBy(
            () -> {
              output.write(1);
              output.flush();
            })
        .hasMessageContaining("closed");
  }

  @ParameterizedTest
  @CsvSource({"88 00, 03e8", "88 02 03e8, 03e8", "88 04 03e94142, 03e9"})
  void answersTheClosingHandshakeAndEnds(String close, String status) throws IOException {
    WebSocketInput in = input("82 01 07" + close + "82 01 08");

    assertThat(in.read()).isEqualTo(7);
    assertThat(in.read()).isEqualTo(-1);
    assertThat(in.read()).isEqualTo(-1);
    assertThat(answers()).containsExactly("8:" + status);
  }

  @Test
  void tellsTheStatusOfAnUnusualClose() throws IOException {
    assertThatThrownBy(input("88 02 03f3")::read)
        .isInstanceOf(EOFException.class)
        .hasMessageContaining("status 1011");
    assertThat(answers()).containsExactly("8:03f3");
  }

  @Test
  void endsWithTheConnection() throws IOException {
    assertThat(input("82 00").read()).isEqualTo(-1);
    for (String cut : List.of("82", "82 05 01", "82 7e 01", "89 02 01", "02 01 01")) {
      assertThatThrownBy(input(cut)::readAllBytes).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void mergesWritesUntilFlushAndMasksEachFrameAfresh() throws IOException {
    Set<String> masks = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      sent.reset();
      output.write(1);
      output.write(new byte[] {9, 2, 3, 9}, 1, 2);
      assertThat(sent.size()).isZero();
      output.flush();
      output.flush();
      masks.add(HexFormat.of().formatHex(sent.toByteArray(), 2, 6));
      assertThat(answers()).containsExactly("2:010203");
    }
    assertThat(masks).hasSize(100);
  }

  @Test
  void writesFramesOfBoundedLength() throws IOException {
    for (int length : new int[] {1, 2, 3, 7, 8, 9, 15, 125, 126, 8191, 8192, 8193, 100_000}) {
      sent.reset();
      byte[] payload = new byte[length];
      new Random(length).nextBytes(payload);
      output.write(payload);
      output.flush();

      ByteArrayOutputStream joined = new ByteArrayOutputStream();
      for (Frame frame : frames(sent.toByteArray())) {
        assertThat(frame.opcode()).isEqualTo(2);
        assertThat(frame.payload().length).isBetween(1, WebSocketOutput.MAX_PAYLOAD);
        joined.writeBytes(frame.payload());
      }
      assertThat(joined.toByteArray()).isEqualTo(payload);
    }
  }

  /** A writer that is stuck does not stop the reader, and of many pings the newest is answered. */
  @RepeatedTest(20)
  void readsOnWhileTheWriterIsStuck() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    OutputStream stuck =
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            writing.countDown();
            try {
              release.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            sent.write(bytes, offset, length);
          }
        };
    WebSocketOutput out = new WebSocketOutput(stuck, new SecureRandom());
    CompletableFuture<Void> writer =
        CompletableFuture.runAsync(
            () -> {
              try {
                out.write(42);
                out.flush();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    writing.await();
    String bytes = "890101".repeat(1000) + "890102" + "820107" + "8800";
    WebSocketInput in =
        new WebSocketInput(new ByteArrayInputStream(HexFormat.of().parseHex(bytes)), out);

    assertThat(in.readAllBytes()).containsExactly(7);
    release.countDown();
    writer.get();
    assertThat(answers()).containsExactly("2:2a", "10:02", "8:03e8");
  }

  /** Reader and writer at full speed: every frame whole, every byte in order. */
  @Test
  void framesOfWriterAndReaderNeverMix() throws Exception {
    PipedOutputStream server = new PipedOutputStream();
    WebSocketInput in = input(new PipedInputStream(server));
    // A thread each: both block, and the common pool may have one only.
    Executor threads = task -> new Thread(task, "frames").start();
    CompletableFuture<Void> reader =
        CompletableFuture.runAsync(
            () -> {
              try {
                in.readAllBytes();
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            },
            threads);
    CompletableFuture<Void> pings =
        CompletableFuture.runAsync(
            () -> {
              try (server) {
                for (int i = 0; i < 20_000; i++) {
                  server.write(new byte[] {(byte) 0x89, 1, 5});
                }
                server.write(new byte[] {(byte) 0x89, 1, 6});
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            },
            threads);
    for (int i = 0; i < 20_000; i++) {
      output.write(i);
      output.flush();
    }
    pings.get();
    reader.get();
    await().untilAsserted(() -> assertThat(answers()).contains("10:06"));

    List<Frame> frames = frames(sent.toByteArray());
    int next = 0;
    for (Frame frame : frames) {
      if (frame.opcode() == 2) {
        assertThat(frame.payload()).containsExactly((byte) next++);
      }
    }
    assertThat(next).isEqualTo(20_000);
  }

  /** For any input, reading ends with the end of the stream or with a specific failure. */
  @Test
  void survivesRandomBytes() throws IOException {
    Random random = new Random(20_240_601);
    int breaches = 0;
    int ends = 0;
    for (int run = 0; run < 20_000; run++) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      for (int i = random.nextInt(6); i >= 0; i--) {
        if (random.nextInt(8) == 0) {
          byte[] noise = new byte[random.nextInt(20)];
          random.nextBytes(noise);
          bytes.writeBytes(noise);
        } else {
          int[] kinds = {0x82, 0x82, 0x89, 0x8a, 0x02, 0x00, 0x80, 0x88, 0x81};
          byte[] payload = new byte[random.nextInt(140)];
          random.nextBytes(payload);
          bytes.writeBytes(serverFrame(kinds[random.nextInt(kinds.length)], payload));
        }
      }
      sent.reset();
      WebSocketOutput out = new WebSocketOutput(sent, new SecureRandom());
      try {
        long count = 0;
        WebSocketInput in = new WebSocketInput(new ByteArrayInputStream(bytes.toByteArray()), out);
        byte[] target = new byte[64];
        for (int n = in.read(target); n >= 0; n = in.read(target)) {
          count += n;
        }
        assertThat(count).isLessThanOrEqualTo(bytes.size());
        ends++;
      } catch (ProtocolException | EOFException e) {
        breaches++;
      }
      frames(sent.toByteArray());
    }
    assertThat(breaches).isGreaterThan(1000);
    assertThat(ends).isGreaterThan(1000);
  }

  private static byte[] serverFrame(int first, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(first);
    int length = payload.length;
    if (length < 126) {
      frame.write(length);
    } else if (length < 65536) {
      frame.write(126);
      frame.write(length >> 8);
      frame.write(length);
    } else {
      frame.write(127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        frame.write((int) ((long) length >> shift));
      }
    }
    frame.writeBytes(payload);
    return frame.toByteArray();
  }
}
