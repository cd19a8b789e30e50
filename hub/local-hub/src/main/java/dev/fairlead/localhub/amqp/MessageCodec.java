package dev.fairlead.localhub.amqp;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.buffer.ProtonBufferAllocator;
import org.apache.qpid.protonj2.buffer.impl.ProtonByteArrayBufferAllocator;
import org.apache.qpid.protonj2.codec.CodecFactory;
import org.apache.qpid.protonj2.codec.Decoder;
import org.apache.qpid.protonj2.codec.DecoderState;
import org.apache.qpid.protonj2.codec.Encoder;
import org.apache.qpid.protonj2.codec.EncoderState;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.messaging.AmqpSequence;
import org.apache.qpid.protonj2.types.messaging.AmqpValue;
import org.apache.qpid.protonj2.types.messaging.ApplicationProperties;
import org.apache.qpid.protonj2.types.messaging.Data;
import org.apache.qpid.protonj2.types.messaging.MessageAnnotations;
import org.apache.qpid.protonj2.types.messaging.Properties;
import org.apache.qpid.protonj2.types.messaging.Section;
import org.apache.qpid.protonj2.types.transport.AmqpError;
import org.jspecify.annotations.Nullable;

/** Decodes and encodes messages. Used on one thread. */
final class MessageCodec {

  private final Decoder decoder = CodecFactory.getDecoder();
  private final DecoderState decoderState = decoder.newDecoderState();
  private final Encoder encoder = CodecFactory.getEncoder();
  private final EncoderState encoderState = encoder.newEncoderState();

  /** Reads a whole message. */
  Message read(byte[] bytes) throws MalformedException {
    ValueShape.checkAll(bytes, 0, bytes.length);
    Properties properties = null;
    Map<String, Object> application = Map.of();
    Map<Symbol, Object> annotations = Map.of();
    List<byte[]> data = new ArrayList<>(1);
    Object value = null;
    try {
      ProtonBuffer buffer = ProtonByteArrayBufferAllocator.wrapped(bytes);
      while (buffer.isReadable()) {
        Object section = decoder.readObject(buffer, decoderState);
        if (section instanceof Data part) {
          data.add(orEmpty(part.getValue()));
        } else if (section instanceof ApplicationProperties map) {
          application = map.getValue() == null ? Map.of() : map.getValue();
        } else if (section instanceof MessageAnnotations map) {
          annotations = map.getValue() == null ? Map.of() : map.getValue();
        } else if (section instanceof Properties found) {
          properties = found;
        } else if (section instanceof AmqpValue<?> single) {
          value = single.getValue();
        } else if (section instanceof AmqpSequence<?>) {
          value = section;
        } else if (!(section instanceof Section)) {
          throw broken("the bytes between two sections are not a section");
        }
      }
    } catch (RuntimeException e) {
      // In the codec casts and nulls fail as well, if the bytes form a type that is not allowed
      // there.
      throw broken("the message cannot be decoded: " + e.getMessage());
    }
    return new Message(
        properties == null ? new Properties() : properties, application, annotations, data, value);
  }

  private static byte[] orEmpty(byte @Nullable [] bytes) {
    return bytes == null ? new byte[0] : bytes;
  }

  private static MalformedException broken(String reason) {
    return new MalformedException(AmqpError.DECODE_ERROR, reason);
  }

  /** Encodes a message of the given sections, which are in the order of the standard. */
  ProtonBuffer write(Section<?>... sections) {
    ProtonBuffer buffer = ProtonBufferAllocator.defaultAllocator().allocate();
    for (Section<?> section : sections) {
      encoder.writeObject(buffer, encoderState, section);
      encoderState.reset();
    }
    return buffer;
  }
}
