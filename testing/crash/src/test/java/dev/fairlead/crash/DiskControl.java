package dev.fairlead.crash;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Commands to the layer below this process; {@code disk.c} lists them. */
final class DiskControl implements AutoCloseable {
  /** Not a file: the layer knows the name. */
  static final String PATH = "/fairlead-disk-control";

  private final FileOutputStream out = new FileOutputStream(PATH);
  private final Path answers = Files.createTempFile("fairlead-disk-", "");

  DiskControl() throws IOException {}

  /** Puts a line among the recorded operations, after those that are done. */
  void mark(String text) {
    send("mark " + text);
  }

  /**
   * Makes operations fail from now on.
   *
   * @param operation open, write, sync, truncate, unlink, rename, read, or change: all of them but
   *     sync and read
   * @param nth which one, from 1
   * @param lasting whether all later ones fail too
   * @param error an errno; 0 makes writes short
   */
  void arm(String operation, int nth, boolean lasting, int error) {
    send("arm " + operation + " " + nth + (lasting ? " lasting " : " once ") + error);
  }

  void disarm() {
    send("disarm");
  }

  /** Syncs do not return until {@link #release()}. */
  void stall() {
    send("stall");
  }

  void release() {
    send("release");
  }

  /** How many operations failed since the last {@link #arm}. */
  int failed() {
    return report(0);
  }

  /** How many syncs wait for {@link #release()}. */
  int stalled() {
    return report(1);
  }

  private int report(int number) {
    send("report " + answers);
    try {
      return Integer.parseInt(Files.readString(answers).split(" ")[number]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One write each, so the layer sees whole commands. */
  private void send(String command) {
    try {
      out.write(command.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
    Files.delete(answers);
  }
}
