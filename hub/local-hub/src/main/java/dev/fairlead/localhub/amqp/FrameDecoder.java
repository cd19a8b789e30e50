package dev.fairlead.localhub.amqp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.apache.qpid.protonj2.types.transport.ConnectionError;

/**
 * Passes on complete frames with valid lengths and performatives (AMQP 1.0, part 2, section 2.3):
 * all that have arrived, in a new array. It does not interpret them.
 */
final class FrameDecoder extends ByteToMessageDecoder {

  /** The largest frame, as the hub announces it. */
  static final int MAX_FRAME = 65_536;

  private static final int HEAD = 8;
  // A protocol header is in the place of a length; read as a length it is far too large.
  private static final long PROTOCOL_HEADER = 0x41_4d_51_50;

  private boolean begun;
  private boolean broken;

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws MalformedException {
    if (broken) {
      in.skipBytes(in.readableBytes()); // Nothing that follows can be understood.
      return;
    }
    broken = true; // Reset below, unless this input is malformed.
    int start = in.readerIndex();
    int end = start;
    int length = frameLength(in, end);
    while (length > 0 && in.writerIndex() - end >= length) {
      end += length;
      length = frameLength(in, end);
    }
    if (end > start) {
      byte[] frames = new byte[end - start];
      in.readBytes(frames);
      checkPerformatives(frames);
      out.add(frames);
    }
    broken = false;
  }

  /** The length of the frame or header at an index; 0 if it has not arrived yet. */
  private int frameLength(ByteBuf in, int index) throws MalformedException {
    if (in.writerIndex() - index < Integer.BYTES) {
      return 0;
    }
    long length = in.getUnsignedInt(index);
    if (length == PROTOCOL_HEADER) {
      begun = true;
      return HEAD;
    }
    if (!begun || length < HEAD || length > MAX_FRAME) {
      throw new MalformedException(
          ConnectionError.FRAMING_ERROR,
          begun
              ? "a frame claims " + length + " bytes, outside " + HEAD + " to " + MAX_FRAME
              : "the first bytes are not an AMQP protocol header");
    }
    return (int) length;
  }

  private static void checkPerformatives(byte[] frames) throws MalformedException {
    int at = 0;
    while (at < frames.length) {
      int length = number(frames, at);
      if (length == PROTOCOL_HEADER) {
        at += HEAD;
        continue;
      }
      int body = (frames[at + 4] & 0xff) * 4;
      if (body < HEAD || body > length) {
        throw new MalformedException(
            ConnectionError.FRAMING_ERROR, "a frame's data offset is " + body);
      }
      if (body < length) {
        ValueShape.check(frames, at + body, at + length);
      }
      at += length;
    }
  }

  private static int number(byte[] frames, int at) {
    return (frames[at] & 0xff) << 24
        | (frames[at + 1] & 0xff) << 16
        | (frames[at + 2] & 0xff) << 8
        | (frames[at + 3] & 0xff);
  }
}
