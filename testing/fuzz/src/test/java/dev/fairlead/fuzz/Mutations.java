package dev.fairlead.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Cheap changes of known inputs, the same in each build. */
final class Mutations {
  private static final int[] EDGES = {0, 1, 0x0a, 0x20, 0x25, 0x3d, 0x40, 0x7f, 0x80, 0xfe, 0xff};

  private final List<byte[]> corpus;
  private final int longest;
  private final SplittableRandom random;

  Mutations(List<byte[]> corpus, int longest, long seed) {
    this.corpus = corpus;
    this.longest = longest;
    this.random = new SplittableRandom(seed);
  }

  byte[] next() {
    byte[] input = corpus.get(random.nextInt(corpus.size())).clone();
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      input = change(input);
    }
    return input.length > longest ? Arrays.copyOf(input, longest) : input;
  }

  private byte[] change(byte[] input) {
    if (input.length == 0) {
      return new byte[] {(byte) random.nextInt(256)};
    }
    int at = random.nextInt(input.length);
    return switch (random.nextInt(8)) {
      case 0 -> with(input, at, input[at] ^ 1 << random.nextInt(8));
      case 1 -> with(input, at, EDGES[random.nextInt(EDGES.length)]);
      case 2 -> with(input, at, input[at] + (random.nextBoolean() ? 1 : -1));
      case 3 -> joined(input, at, input, Math.min(input.length, at + 1 + random.nextInt(8)));
      case 4 -> joined(input, at, input, Math.max(0, at - 1 - random.nextInt(16)));
      case 5 -> Arrays.copyOf(input, at);
      case 6 -> with(joined(input, at, input, Math.max(0, at - 1)), at, random.nextInt(256));
      default -> {
        byte[] other = corpus.get(random.nextInt(corpus.size()));
        yield joined(input, at, other, random.nextInt(other.length + 1));
      }
    };
  }

  private static byte[] with(byte[] input, int at, int value) {
    input[at] = (byte) value;
    return input;
  }

  /** The beginning of one input and the end of another. */
  private static byte[] joined(byte[] one, int end, byte[] other, int from) {
    byte[] whole = Arrays.copyOf(one, end + other.length - from);
    System.arraycopy(other, from, whole, end, other.length - from);
    return whole;
  }
}
