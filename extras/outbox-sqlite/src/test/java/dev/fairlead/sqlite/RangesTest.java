package dev.fairlead.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class RangesTest {
  @Test
  void consecutiveNumbersAreOneRange() {
    assertThat(pairs(Ranges.of(List.of(5L, 3L, 4L, 9L, 9L, 10L)))).containsExactly("3-5", "9-10");
    assertThat(Ranges.of(List.of()).isEmpty()).isTrue();
    assertThat(pairs(Ranges.of(List.of(Long.MAX_VALUE, Long.MIN_VALUE)))).hasSize(2);
  }

  @Test
  void holdsWhatASetWouldHold() {
    Random random = new Random(7);
    for (int run = 0; run < 500; run++) {
      Ranges ranges = new Ranges();
      TreeSet<Long> model = new TreeSet<>();
      for (int i = 0; i < 12; i++) {
        long from = random.nextInt(40);
        long through = from + random.nextInt(6);
        ranges.add(from, through);
        for (long number = from; number <= through; number++) {
          model.add(number);
        }
      }
      for (long number = -1; number < 50; number++) {
        assertThat(ranges.contains(number)).isEqualTo(model.contains(number));
      }
      assertThat(pairs(ranges)).isEqualTo(pairs(Ranges.of(model)));
    }
  }

  private static List<String> pairs(Ranges ranges) {
    List<String> pairs = new ArrayList<>();
    for (Map.Entry<Long, Long> range : ranges.each()) {
      pairs.add(range.getKey() + "-" + range.getValue());
    }
    return pairs;
  }
}
