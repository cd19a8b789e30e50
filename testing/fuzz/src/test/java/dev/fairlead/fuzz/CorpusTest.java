package dev.fairlead.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each target with its committed inputs, and with some thousand changes of them. */
class CorpusTest {
  private static final int MOST_FILES = 40;
  private static final int MOST_BYTES = 64 * 1024;

  /** A target stops here, so that a slow machine builds in time. */
  private static final long NANOS = 500_000_000L;

  private static final int CHANGES = 3000;

  @ParameterizedTest
  @EnumSource
  void holds(FuzzTarget target) {
    List<Path> files = Corpus.files(target);
    List<byte[]> inputs = files.stream().map(Corpus::read).toList();
    assertThat(inputs).isNotEmpty().hasSizeLessThanOrEqualTo(MOST_FILES);
    assertThat(inputs.stream().mapToInt(input -> input.length).sum()).isLessThan(MOST_BYTES);
    for (int i = 0; i < inputs.size(); i++) {
      run(target, inputs.get(i), files.get(i).toString());
    }
    Mutations mutations = new Mutations(inputs, target.longest(), target.title().hashCode());
    long start = System.nanoTime();
    for (int i = 0; i < CHANGES && System.nanoTime() - start < NANOS; i++) {
      run(target, mutations.next(), "change " + i);
    }
  }

  private static void run(FuzzTarget target, byte[] input, String what) {
    try {
      target.run(input.clone());
    } catch (Throwable e) {
      throw new AssertionError(
          target + ", " + what + ": " + Base64.getEncoder().encodeToString(input), e);
    }
  }
}
