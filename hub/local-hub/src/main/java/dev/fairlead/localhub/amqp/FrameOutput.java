package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.fault.FaultPlan;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.util.function.BiConsumer;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the engine's frames, and writes and flushes once for all that are made while one batch of
 * input is handled. While faults are armed each frame is a buffer of its own, as they need it. On
 * the connection's thread only.
 */
// Netty closes a channel whose writes fail; there is nothing to do about their futures.
@SuppressWarnings("FutureReturnValueIgnored")
final class FrameOutput implements BiConsumer<ProtonBuffer, Runnable> {

  private static final int ENOUGH = 64 * 1024;

  private final Channel channel;
  private final FaultPlan faults;
  private @Nullable ByteBuf pending;

  FrameOutput(Channel channel, FaultPlan faults) {
    this.channel = channel;
    this.faults = faults;
  }

  @Override
  public void accept(ProtonBuffer frame, @Nullable Runnable written) {
    if (!channel.isActive()) {
      return; // The engine does not know yet.
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
    if (buffer.readableBytes() >= ENOUGH || !faults.isIdle()) {
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

  /** Sends what was made. */
  void flush() {
    write();
    channel.flush();
  }

  /** Forgets what was made and not sent: the connection is gone. */
  void drop() {
    if (pending != null) {
      pending.release();
      pending = null;
    }
  }
}
