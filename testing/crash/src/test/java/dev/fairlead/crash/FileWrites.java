package dev.fairlead.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Uses files in the ways that Java has, and prints the errors of the disk. */
final class FileWrites {
  private FileWrites() {}

  /** Argument: the folder. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    try (DiskControl control = new DiskControl()) {
      control.mark("begin");
      Files.writeString(folder.resolve("whole"), "0123456789");
      Files.writeString(folder.resolve("whole"), "abc", APPEND);
      try (FileChannel channel = FileChannel.open(folder.resolve("channel"), CREATE, WRITE)) {
        channel.write(new ByteBuffer[] {bytes("one"), bytes("two")});
        channel.write(bytes("X"), 1);
        channel.truncate(4);
        channel.force(false);
      }
      try (RandomAccessFile file = new RandomAccessFile(folder.resolve("old").toFile(), "rw")) {
        file.write("0123456789".getBytes(UTF_8));
        file.setLength(5);
        file.seek(8);
        file.write('!');
      }
      Files.move(
          folder.resolve("old"), folder.resolve("whole"), StandardCopyOption.REPLACE_EXISTING);
      Files.writeString(folder.resolve("gone"), "gone");
      Files.delete(folder.resolve("gone"));
      // Again, after the other is gone: a new file that may have the same inode.
      Files.writeString(folder.resolve("gone"), "new");
      try (FileChannel channel = FileChannel.open(folder, READ)) {
        channel.force(true);
      }
      control.mark("end");
      fail(control, folder, "write", DiskError.Errno.ENOSPC);
      fail(control, folder, "open", DiskError.Errno.EROFS);
      fail(control, folder, "write", DiskError.Errno.EIO);
    }
  }

  private static void fail(
      DiskControl control, Path folder, String operation, DiskError.Errno error) {
    control.arm(operation, 1, false, error.number);
    for (int i = 0; i < 2; i++) {
      try {
        Files.writeString(folder.resolve("channel"), "one" + i);
        System.out.println(operation + ": no error, " + control.failed() + " before");
      } catch (IOException e) {
        System.out.println(operation + ": " + e);
      }
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
