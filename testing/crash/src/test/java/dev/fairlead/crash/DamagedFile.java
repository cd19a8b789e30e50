package dev.fairlead.crash;

import dev.fairlead.OutboxStoreException;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
  private static final String LOG = Stores.FILE + "-wal";
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

  /** Leaves the file with its log, as a process that is killed does. */
  private void fill() throws Exception {
    byte[] file;
    byte[] log;
    List<StoredQueue.Added> all = new ArrayList<>();
    for (int number = 1; number <= MESSAGES; number++) {
      all.add(Messages.message(DEVICE, number, number % 10 == 0 ? 20_000 : 300));
    }
    // Until the files are complete, any of the messages may be there.
    control.mark(Promises.write(1, DEVICE, all, List.of()));
    control.mark("failed 1");
    try (OutboxStore store = Stores.open(folder);
        StoredQueue queue = store.open(Messages.identity(DEVICE), Messages.HUB)) {
      for (StoredQueue.Added one : all) {
        Stores.get(queue.write(List.of(one), List.of()));
      }
      file = Files.readAllBytes(folder.resolve(Stores.FILE));
      log = Files.readAllBytes(folder.resolve(LOG));
    }
    write(Stores.FILE, file);
    write(LOG, log);
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
    control.mark(Promises.write(2, DEVICE, all, List.of()));
    control.mark("done 2");
  }

  private void write(String name, byte[] bytes) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(name), StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
      file.write(ByteBuffer.wrap(bytes), 0);
      file.force(true);
    }
  }

  private void damage() throws IOException {
    control.mark(Promises.DAMAGE);
    try (FileChannel file =
        FileChannel.open(folder.resolve(Stores.FILE), StandardOpenOption.WRITE)) {
      // The log may have a newer copy of this page, but the store looks at the format first.
      file.write(ByteBuffer.wrap("x".repeat(100).getBytes(StandardCharsets.US_ASCII)), 0);
      file.force(true);
    }
  }

  private void failEach() throws Exception {
    byte[] damaged = Files.readAllBytes(folder.resolve(Stores.FILE));
    byte[] log = Files.readAllBytes(folder.resolve(LOG));
    for (String operation :
        List.of("open", "write", "sync", "truncate", "unlink", "rename", "change")) {
      for (DiskError.Errno error : List.of(DiskError.Errno.EIO, DiskError.Errno.ENOSPC)) {
        int tried = 0;
        boolean many = operation.equals("write") || operation.equals("change");
        for (int nth = 1; attempt(damaged, log, operation, nth, error); nth += many ? STRIDE : 1) {
          tried++;
        }
        System.out.println(error + " at " + operation + ": " + tried);
      }
    }
  }

  /** Returns whether the operation was reached. */
  private boolean attempt(
      byte[] damaged, byte[] log, String operation, int nth, DiskError.Errno error)
      throws Exception {
    for (Path file : files()) {
      Files.delete(file);
    }
    Files.write(folder.resolve(Stores.FILE), damaged);
    Files.write(folder.resolve(LOG), log);
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
