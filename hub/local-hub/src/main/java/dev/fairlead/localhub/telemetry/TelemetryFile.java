package dev.fairlead.localhub.telemetry;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.TelemetryRecord;
import dev.fairlead.localhub.twin.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Telemetry as lines of JSON in a file: {@code
 * {"sequence":…,"deviceId":…,"moduleId":…,"enqueuedAt":…,"systemProperties":{…},"properties":{…},"body":"<base64>"}}.
 *
 * <p>{@link #append} collects lines and {@link #flush} writes them. Safe for use by several
 * threads; the monitor that {@link #flush} holds while it writes only keeps the lines in order, and
 * nothing else uses it.
 */
final class TelemetryFile implements AutoCloseable {

  private static final int TAIL_BLOCK = 64 * 1024;
  private static final JsonFactory JSON = new JsonFactory();

  private final FileChannel channel;
  private final long lastSequence;
  private final Object gathering = new Object();
  private ByteArrayOutputStream gathered = new ByteArrayOutputStream();
  private ByteBuffer writing = ByteBuffer.allocate(0);

  private TelemetryFile(FileChannel channel, long lastSequence) {
    this.channel = channel;
    this.lastSequence = lastSequence;
  }

  /**
   * Opens or creates a file. A last line that a crash left incomplete is removed: it was never
   * acknowledged.
   */
  static TelemetryFile open(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      long end = endOfLastLine(channel, channel.size());
      channel.truncate(end);
      channel.position(end);
      return new TelemetryFile(channel, end == 0 ? 0 : sequenceOfLineBefore(channel, end, file));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static long sequenceOfLineBefore(FileChannel channel, long end, Path file)
      throws IOException {
    long start = endOfLastLine(channel, end - 1);
    ByteBuffer line = ByteBuffer.allocate(Math.toIntExact(end - start));
    readFully(channel, line, start);
    try {
      return Json.parseObject(new String(line.array(), StandardCharsets.UTF_8).strip())
          .path("sequence")
          .asLong();
    } catch (LocalHubException e) {
      throw new IOException(
          "The last line of "
              + file
              + " is not a telemetry record. Choose another file, or move this one away.",
          e);
    }
  }

  /** The position after the last line feed before the limit; 0 if there is none. */
  private static long endOfLastLine(FileChannel channel, long limit) throws IOException {
    long to = limit;
    while (to > 0) {
      long from = Math.max(0, to - TAIL_BLOCK);
      ByteBuffer block = ByteBuffer.allocate((int) (to - from));
      readFully(channel, block, from);
      for (int i = block.capacity() - 1; i >= 0; i--) {
        if (block.get(i) == '\n') {
          return from + i + 1;
        }
      }
      to = from;
    }
    return 0;
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long position)
      throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, position + target.position()) < 0) {
        throw new IOException("The telemetry file shrank while it was read.");
      }
    }
  }

  /** The sequence number of the last line; 0 for an empty file. */
  long lastSequence() {
    return lastSequence;
  }

  /** Adds a line for the next {@link #flush}. */
  void append(TelemetryRecord line) {
    synchronized (gathering) {
      try (JsonGenerator json = JSON.createGenerator(gathered)) {
        json.writeStartObject();
        json.writeNumberField("sequence", line.sequence());
        json.writeStringField("deviceId", line.deviceId());
        if (line.moduleId().isPresent()) {
          json.writeStringField("moduleId", line.moduleId().get());
        }
        json.writeStringField("enqueuedAt", line.enqueuedAt().toString());
        writeMap(json, "systemProperties", line.systemProperties());
        writeMap(json, "properties", line.properties());
        json.writeFieldName("body");
        json.writeBinary(line.body());
        json.writeEndObject();
        json.writeRaw('\n');
      } catch (IOException e) {
        throw new IllegalStateException("Writing to memory failed.", e);
      }
    }
  }

  private static void writeMap(JsonGenerator json, String name, Map<String, String> map)
      throws IOException {
    json.writeObjectFieldStart(name);
    for (Map.Entry<String, String> entry : map.entrySet()) {
      json.writeStringField(entry.getKey(), entry.getValue());
    }
    json.writeEndObject();
  }

  /**
   * Returns when all lines appended before are handed to the operating system. After a failure, the
   * next call writes the rest.
   */
  synchronized void flush() throws IOException {
    while (true) {
      while (writing.hasRemaining()) {
        channel.write(writing);
      }
      synchronized (gathering) {
        if (gathered.size() == 0) {
          return;
        }
        writing = ByteBuffer.wrap(gathered.toByteArray());
        gathered = new ByteArrayOutputStream();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      flush();
    } finally {
      channel.close();
    }
  }
}
