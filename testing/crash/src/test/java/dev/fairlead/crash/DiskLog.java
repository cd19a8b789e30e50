package dev.fairlead.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@code disk.c} recorded. */
final class DiskLog {
  private DiskLog() {}

  /**
   * The operations, in order.
   *
   * @throws IOException if the process did something that the log cannot describe: states built
   *     from it would prove nothing
   */
  static List<DiskOperation> read(Path log) throws IOException {
    // Of the same machine, so its byte order is ours.
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(log)).order(ByteOrder.nativeOrder());
    List<DiskOperation> operations = new ArrayList<>();
    while (in.hasRemaining()) {
      char type = (char) in.get();
      int file = in.getInt();
      long offset = in.getLong();
      int length = in.getInt();
      byte[] bytes = new byte[type == 'T' ? 0 : length];
      in.get(bytes);
      operations.add(operation(type, file, offset, bytes));
    }
    return operations;
  }

  private static DiskOperation operation(char type, int file, long offset, byte[] bytes)
      throws IOException {
    String text = type == 'W' ? "" : new String(bytes, StandardCharsets.UTF_8);
    return switch (type) {
      case 'C' -> new DiskOperation.Create(file, inFolder(text));
      case 'W' -> new DiskOperation.Write(file, offset, bytes);
      case 'T' -> new DiskOperation.Truncate(file, offset);
      case 'S' -> new DiskOperation.Sync(file);
      case 'F' -> new DiskOperation.FailedSync(file);
      case 'D' -> new DiskOperation.SyncFolder();
      case 'U' -> new DiskOperation.Unlink(inFolder(text));
      case 'R' -> {
        int end = text.indexOf('\n');
        yield new DiskOperation.Rename(
            inFolder(text.substring(0, end)), inFolder(text.substring(end + 1)));
      }
      case 'M' -> new DiskOperation.Mark(text);
      default -> throw new IOException("The recording layer does not know: " + type + " " + text);
    };
  }

  private static String inFolder(String name) throws IOException {
    if (name.indexOf('/') >= 0) {
      throw new IOException("The recording layer knows one folder, not those below it: " + name);
    }
    return name;
  }
}
