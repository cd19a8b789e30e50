package dev.fairlead.localhub.amqp;

import dev.fairlead.fuzz.Expect;
import java.util.ArrayList;
import java.util.List;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.types.messaging.ApplicationProperties;
import org.apache.qpid.protonj2.types.messaging.Data;
import org.apache.qpid.protonj2.types.messaging.MessageAnnotations;
import org.apache.qpid.protonj2.types.messaging.Section;

/** Messages as the hub reads them. */
public final class HubMessageFuzz {
  private HubMessageFuzz() {}

  /** The input is a message. */
  public static void fuzzerTestOneInput(byte[] input) {
    MessageCodec codec = new MessageCodec();
    try {
      Message read = codec.read(input);
      read.text();
      TelemetryMapping.of(read);
      Message again = codec.read(written(codec, read));
      if (read.value() == null) {
        Expect.same(read.body(), again.body(), "the body, written again");
      }
      Expect.same(
          read.application().keySet(), again.application().keySet(), "the names, written again");
    } catch (MalformedException e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
  }

  private static byte[] written(MessageCodec codec, Message message) {
    List<Section<?>> sections = new ArrayList<>();
    sections.add(new MessageAnnotations(message.annotations()));
    sections.add(message.properties());
    sections.add(new ApplicationProperties(message.application()));
    message.data().forEach(bytes -> sections.add(new Data(bytes)));
    ProtonBuffer buffer = codec.write(sections.toArray(new Section<?>[0]));
    byte[] bytes = new byte[buffer.getReadableBytes()];
    buffer.readBytes(bytes, 0, bytes.length);
    return bytes;
  }
}
