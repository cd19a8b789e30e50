package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class PacketWriterTest {
  private final AtomicLong promised = new AtomicLong();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final List<Integer> writes = new ArrayList<>();
  private int acknowledged;
  private final PacketWriter writer =
      new PacketWriter(
          new java.io.OutputStream() {
            @Override
            public void write(int b) {
              throw new AssertionError("single bytes");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
              writes.add(length);
              out.write(bytes, offset, length);
            }
          },
          promised,
          () -> {},
          () -> acknowledged++);

  private void packet(int first, int size) throws IOException {
    byte[] bytes = new byte[size];
    bytes[0] = (byte) first;
    for (int at = 0; at < size; at += 8192) {
      writer.write(bytes, at, Math.min(8192, size - at));
    }
    writer.flush();
  }

  @Test
  void sendsALoneMessageAtOnce() throws Exception {
    promised.set(1);
    packet(0x32, 10);
    assertThat(writes).containsExactly(10);
  }

  @Test
  void gathersMessagesWhileMoreFollow() throws Exception {
    promised.set(3);
    packet(0x32, 10);
    packet(0x32, 11);
    assertThat(writes).isEmpty();
    packet(0x32, 12);
    assertThat(writes).containsExactly(33);
  }

  @Test
  void sendsEverythingBeforeOtherPackets() throws Exception {
    promised.set(5);
    packet(0x32, 10);
    packet(0xc0, 2);
    assertThat(writes).containsExactly(12);
    packet(0x40, 4);
    assertThat(writes).containsExactly(12, 4);
    assertThat(acknowledged).isEqualTo(1);
  }

  @Test
  void sendsWhenARecordIsFull() throws Exception {
    promised.set(1000);
    for (int i = 0; i < 100; i++) {
      packet(0x32, 500);
    }
    assertThat(writes).isNotEmpty().allMatch(size -> size <= 16 * 1024);
    assertThat(out.size()).isGreaterThan(50_000 - 16 * 1024);
  }

  @Test
  void sendsLargePacketsWhole() throws Exception {
    promised.set(2);
    packet(0x32, 200_000);
    packet(0x32, 5);
    assertThat(out.size()).isEqualTo(200_005);
  }

  @Test
  void sendsWhatWaitsWhenAPromiseIsTakenBack() throws Exception {
    promised.set(2);
    packet(0x32, 10);
    promised.decrementAndGet();
    packet(0x40, 4);
    assertThat(out.size()).isEqualTo(14);
  }
}
