package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.function.BiConsumer;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Collects the engine's frames, and writes and flushes once for each batch of input. While faults
 * are armed each frame is a separate buffer, as faults require. Used on the connection's thread
 * only.
 */
// Netty closes a channel whose writes fail, so their futures need no handling.
@SuppressWarnings("FutureReturnValueIgnored")
final class FrameOutput implements BiConsumer<ProtonBuffer, Runnable> {

  private static final int ENOUGH = 64 * 1024;

  private static final int EMPTY_FRAME = 8;
  private static final int BEGIN = 0x11;
  private static final int END = 0x17;

  private final Channel channel;
  private final FaultyConnection faults;
  private @Nullable ByteBuf pending;

  FrameOutput(Channel channel, FaultyConnection faults) {
    this.channel = channel;
    this.faults = faults;
  }

  @Override
  public void accept(ProtonBuffer frame, @Nullable Runnable written) {
    if (!channel.isActive()) {
      return; // The engine has not noticed the end of the connection yet.
    }
    int length = frame.getReadableBytes();
    ByteBuf buffer = pending;
    if (buffer == null) {
      buffer = channel.alloc().heapBuffer(Math.max(length, 256));
      pending = buffer;
    }
    buffer.ensureWritable(length);
    frame.copyInto(
        frame.getReadOffset(), buffer.array(), buffer.arrayOffset() + buffer.writerIndex(), length);
    buffer.writerIndex(buffer.writerIndex() + length);
    if (buffer.readableBytes() >= ENOUGH || faults.needsSinglePackets()) {
      write();
    }
    if (written != null) {
      written.run();
    }
  }

  private void write() {
    ByteBuf buffer = pending;
    if (buffer != null) {
      pending = null;
      channel.write(buffer);
    }
  }

  /** Sends the collected frames. */
  void flush() {
    write();
    channel.flush();
  }

  /** Drops the frames that were not sent, because the connection has ended. */
  void drop() {
    if (pending != null) {
      pending.release();
      pending = null;
    }
  }

  /**
   * Empty frames, and BEGIN and END: a client that opens a session and ends it immediately only
   * checks whether the hub is alive.
   */
  static ByteBuf heartbeats(ByteBuf frames) {
    ByteBuf kept = frames.alloc().buffer();
    while (frames.readableBytes() >= EMPTY_FRAME) {
      int start = frames.readerIndex();
      long length = frames.getUnsignedInt(start);
      if (length < EMPTY_FRAME || length > frames.readableBytes()) {
        break; // A protocol header.
      }
      if (isHeartbeat(frames, start, (int) length)) {
        kept.writeBytes(frames, start, (int) length);
      }
      frames.skipBytes((int) length);
    }
    frames.release();
    return kept;
  }

  private static boolean isHeartbeat(ByteBuf frames, int start, int length) {
    int body = start + frames.getUnsignedByte(start + 4) * 4;
    if (start + length - body < 3) {
      return start + length == body;
    }
    // The descriptor of a performative: AMQP 1.0, part 1, section 1.2, and part 2, section 2.7.
    int performative = frames.getUnsignedByte(body + 2);
    return performative == BEGIN || performative == END;
  }
}
