package dev.fairlead.crash;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Opens a file whose header is damaged, so that the store replaces it. Marks its calls for {@link
 * Promises}; or lets each operation of the replacement fail, and prints a line with "PROBLEM" for
 * each message that the next opening does not find.
 */
final class DamagedFile {
  private static final String DEVICE = "pump";
  private static final int MESSAGES = 40;

  /** A page is written by several calls, so every third write is enough. */
  private static final int STRIDE = 3;

  private final Path folder;
  private final DiskControl control;

  private DamagedFile(Path folder, DiskControl control) {
    this.folder = folder;
    this.control = control;
  }

  /** Arguments: the folder, and "errors" to let operations fail. */
  public static void main(String[] arguments) throws Exception {
    try (DiskControl control = new DiskControl()) {
      DamagedFile file = new DamagedFile(Path.of(arguments[0]), control);
      file.fill();
      file.damage();
      if (arguments.length > 1) {
        file.failEach();
      } else {
        Stores.open(file.folder).close();
      }
    }
  }

  private void fill() throws Exception {
    try (OutboxStore store = Stores.open(folder);
        StoredQueue queue = store.open(Messages.identity(DEVICE), Messages.HUB)) {
      for (int number = 1; number <= MESSAGES; number++) {
        int size = number % 10 == 0 ? 20_000 : 300;
        List<StoredQueue.Added> added = List.of(Messages.message(DEVICE, number, size));
        control.mark(Promises.write(number, DEVICE, added, List.of()));
        Stores.get(queue.write(added, List.of()));
        control.mark("done " + number);
      }
    }
  }

  private void damage() throws IOException {
    control.mark(Promises.DAMAGE);
    try (FileChannel file =
        FileChannel.open(folder.resolve(Stores.FILE), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(100), 0);
      file.force(true);
    }
  }

  private void failEach() throws Exception {
    byte[] damaged = Files.readAllBytes(folder.resolve(Stores.FILE));
    for (String operation :
        List.of("open", "write", "sync", "truncate", "unlink", "rename", "change")) {
      for (DiskError.Errno error : List.of(DiskError.Errno.EIO, DiskError.Errno.ENOSPC)) {
        int tried = 0;
        boolean many = operation.equals("write") || operation.equals("change");
        for (int nth = 1; attempt(damaged, operation, nth, error); nth += many ? STRIDE : 1) {
          tried++;
        }
        System.out.println(error + " at " + operation + ": " + tried);
      }
    }
  }

  /** Returns whether the operation was reached. */
  private boolean attempt(byte[] damaged, String operation, int nth, DiskError.Errno error)
      throws Exception {
    for (Path file : files()) {
      Files.delete(file);
    }
    Files.write(folder.resolve(Stores.FILE), damaged);
    control.arm(operation, nth, false, error.number);
    List<String> problems = new ArrayList<>();
    try {
      compare(problems);
    } catch (OutboxStoreException e) {
      // The disk has failed. The next opening finds everything.
    }
    boolean reached = control.failed() > 0;
    control.disarm();
    try {
      compare(problems);
    } catch (OutboxStoreException e) {
      problems.add(e.toString());
    }
    if (!problems.isEmpty()) {
      System.out.println("PROBLEM " + error + " at " + operation + " " + nth + ": " + problems);
    }
    return reached;
  }

  private void compare(List<String> problems) throws Exception {
    try (OutboxStore store = Stores.open(folder);
        StoredQueue queue = store.open(Messages.identity(DEVICE), Messages.HUB)) {
      Set<Long> found =
          Stores.readAll(queue).stream()
              .map(StoredQueue.Stored::sequence)
              .collect(Collectors.toCollection(TreeSet::new));
      if (found.size() != MESSAGES) {
        problems.add("found " + found);
      }
    }
  }

  private List<Path> files() throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList();
    }
  }
}
