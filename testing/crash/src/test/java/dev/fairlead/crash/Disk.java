package dev.fairlead.crash;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A disk after some of the recorded operations: what is safe, and what the kernel still held in
 * memory, of which a power cut leaves any part.
 *
 * <p>Safe is what POSIX promises and no more. A sync of a file makes its content safe, not its
 * name; a sync of the folder makes names safe. A write that is cut short changes nothing outside of
 * its own range, which SQLite calls "powersafe overwrite" and assumes too.
 */
final class Disk {
  static final int SECTOR = 512;

  /** What the disk does with a sync. */
  enum Honesty {
    HONEST,
    IGNORES_SYNCS_OF_LOG,
    IGNORES_SYNCS_OF_DATABASE,
    IGNORES_SYNCS_OF_FOLDER,
    IGNORES_ALL_SYNCS
  }

  private enum Fate {
    /** A power cut may undo it. */
    PENDING,
    /** A sync failed: the kernel may have forgotten that it is to be written. */
    DOUBTFUL,
    SAFE
  }

  private static final class Change {
    final byte @Nullable [] bytes;
    final long at;
    Fate fate = Fate.PENDING;

    Change(byte @Nullable [] bytes, long at) {
      this.bytes = bytes;
      this.at = at;
    }
  }

  private static final class Content {
    final String name;
    final FileImage safe = new FileImage();
    final List<Change> changes = new ArrayList<>();

    Content(String name) {
      this.name = name;
    }
  }

  /** A name and the file that it has from now on; null if none. */
  private record Entry(String name, @Nullable Integer file) {}

  private final Honesty honesty;
  private final Map<Integer, Content> files = new HashMap<>();
  private final Map<String, Integer> safeNames = new TreeMap<>();
  private final Map<String, Integer> names = new TreeMap<>();
  private final List<List<Entry>> pendingNames = new ArrayList<>();
  private @Nullable Object last;

  Disk(Honesty honesty) {
    this.honesty = honesty;
  }

  void apply(DiskOperation operation) {
    if (operation instanceof DiskOperation.Create create) {
      files.put(create.file(), new Content(create.name()));
      rename(List.of(new Entry(create.name(), create.file())));
    } else if (operation instanceof DiskOperation.Write write) {
      change(write.file(), new Change(write.bytes(), write.offset()));
    } else if (operation instanceof DiskOperation.Truncate truncate) {
      change(truncate.file(), new Change(null, truncate.length()));
    } else if (operation instanceof DiskOperation.Unlink unlink) {
      rename(List.of(new Entry(unlink.name(), null)));
    } else if (operation instanceof DiskOperation.Rename rename) {
      Integer file = names.get(rename.from());
      rename(List.of(new Entry(rename.to(), file), new Entry(rename.from(), null)));
    } else if (operation instanceof DiskOperation.Sync sync) {
      last = null;
      sync(content(sync.file()));
    } else if (operation instanceof DiskOperation.FailedSync failed) {
      for (Change change : content(failed.file()).changes) {
        change.fate = change.fate == Fate.PENDING ? Fate.DOUBTFUL : change.fate;
      }
    } else if (operation instanceof DiskOperation.SyncFolder && syncsFolder()) {
      pendingNames.forEach(entries -> entries.forEach(entry -> set(safeNames, entry)));
      pendingNames.clear();
      last = null;
    }
  }

  private Content content(int file) {
    Content content = files.get(file);
    if (content == null) {
      throw new IllegalStateException("The log has an operation on an unknown file: " + file);
    }
    return content;
  }

  private void change(int file, Change change) {
    content(file).changes.add(change);
    last = change;
  }

  private void rename(List<Entry> entries) {
    entries.forEach(entry -> set(names, entry));
    pendingNames.add(entries);
    last = entries;
  }

  private static void set(Map<String, Integer> names, Entry entry) {
    if (entry.file() == null) {
      names.remove(entry.name());
    } else {
      names.put(entry.name(), entry.file());
    }
  }

  private boolean syncsFolder() {
    return honesty != Honesty.IGNORES_ALL_SYNCS && honesty != Honesty.IGNORES_SYNCS_OF_FOLDER;
  }

  private void sync(Content content) {
    boolean log = content.name.endsWith("-wal");
    if (honesty == Honesty.IGNORES_ALL_SYNCS
        || (honesty == Honesty.IGNORES_SYNCS_OF_LOG && log)
        || (honesty == Honesty.IGNORES_SYNCS_OF_DATABASE && !log)) {
      return;
    }
    for (Change change : content.changes) {
      change.fate = change.fate == Fate.PENDING ? Fate.SAFE : change.fate;
    }
    // Behind one that is in doubt, the order of those that overlap still matters.
    while (!content.changes.isEmpty() && content.changes.get(0).fate == Fate.SAFE) {
      apply(content.changes.remove(0), content.safe);
    }
  }

  private static void apply(Change change, FileImage to) {
    if (change.bytes == null) {
      to.setLength((int) change.at);
    } else {
      to.write((int) change.at, change.bytes, 0, change.bytes.length);
    }
  }

  /** The files after a power cut, by name. */
  Map<String, FileImage> after(Remains remains) {
    Map<String, Integer> left = new TreeMap<>(safeNames);
    for (List<Entry> entries : pendingNames) {
      // A rename happens as a whole or not at all.
      if (remains.stays(entries.get(0).name(), entries == last)) {
        entries.forEach(entry -> set(left, entry));
      }
    }
    Map<String, FileImage> images = new TreeMap<>();
    left.forEach(
        (name, file) -> {
          FileImage image =
              name.endsWith("-shm") ? remains.shared() : after(content(file), remains);
          if (image != null) {
            images.put(name, image);
          }
        });
    return images;
  }

  private FileImage after(Content content, Remains remains) {
    FileImage image = content.safe.copy();
    for (Change change : content.changes) {
      if (change.fate == Fate.SAFE) {
        apply(change, image);
      } else if (change.bytes != null) {
        written(content.name, change, change.bytes, image, remains);
      } else if (remains.stays(content.name, change == last)) {
        apply(change, image);
      }
    }
    return image;
  }

  private void written(String name, Change change, byte[] bytes, FileImage to, Remains remains) {
    int at = (int) change.at;
    int end = at + bytes.length;
    List<int[]> parts = remains.parts(name, at, bytes.length, change == last);
    boolean whole = parts.size() == 1 && parts.get(0)[1] - parts.get(0)[0] == bytes.length;
    if (end > to.length() && !whole) {
      byte[] room = remains.grown(end - to.length());
      if (room != null) {
        to.write(to.length(), room, 0, room.length);
      }
    }
    for (int[] part : parts) {
      to.write(at + part[0], bytes, part[0], part[1]);
    }
  }

  /** A number that tells images apart. */
  static long fingerprint(Map<String, FileImage> images) {
    long sum = images.size();
    for (Map.Entry<String, FileImage> image : images.entrySet()) {
      sum = sum * 0x9E3779B97F4A7C15L + image.getKey().hashCode();
      sum = sum * 0x9E3779B97F4A7C15L + image.getValue().length();
      sum = sum * 0x9E3779B97F4A7C15L + image.getValue().checksum();
    }
    return sum;
  }

  /** Makes a folder hold these files and no others. */
  static void write(Map<String, FileImage> images, Path folder) throws IOException {
    Set<String> wanted = images.keySet();
    try (var present = Files.list(folder)) {
      for (Path file : present.toList()) {
        if (!wanted.contains(file.getFileName().toString())) {
          Files.delete(file);
        }
      }
    }
    for (Map.Entry<String, FileImage> image : images.entrySet()) {
      try (FileChannel out =
          FileChannel.open(
              folder.resolve(image.getKey()),
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        ByteBuffer bytes = image.getValue().content();
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
      }
    }
  }
}
