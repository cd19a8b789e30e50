package dev.fairlead.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The committed inputs: valid ones, and each that once found something. */
final class Corpus {
  private static final Path FOLDER = Path.of("src", "test", "resources", "corpus");

  private Corpus() {}

  static Path folder(FuzzTarget target) {
    return FOLDER.resolve(target.title());
  }

  /** The files of a target, by name. */
  static List<Path> files(FuzzTarget target) {
    try (Stream<Path> files = Files.list(folder(target))) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
