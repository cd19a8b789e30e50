package dev.fairlead.localhub.https;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.localhub.https.BlobStore.Commit;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlobStoreTest {

  private static final byte[] NOTHING = new byte[0];

  private final BlobStore store = new BlobStore(new ManualHubTime(), 100);

  @Test
  void whatHasNoContentIsBoundedByItsNumber() {
    for (int i = 0; i < BlobStore.MAX_BLOCKS; i++) {
      assertThat(store.putBlock("blob", "id" + i, NOTHING)).isTrue();
    }
    assertThat(store.putBlock("blob", "one more", NOTHING)).isFalse();
    assertThat(store.putBlock("blob", "id0", NOTHING)).as("again").isTrue();
    for (int i = 0; i < 10_000; i++) {
      assertThat(store.put("n" + i, "t", NOTHING)).isTrue();
    }
    assertThat(store.put("one more", "t", NOTHING)).isFalse();
    assertThat(store.put("n0", "t", NOTHING)).as("again").isTrue();
    assertThat(store.commit("blob", "t", List.of("id0"))).isEqualTo(Commit.TOO_LARGE);
    store.clear();
    assertThat(store.put("one more", "t", NOTHING)).isTrue();
  }

  @Test
  void givesBackTheRoomOfWhatIsReplaced() {
    assertThat(store.putBlock("a", "1", new byte[60])).isTrue();
    assertThat(store.putBlock("a", "2", new byte[40])).isTrue();
    assertThat(store.putBlock("a", "3", new byte[1])).isFalse();
    assertThat(store.commit("a", "t", List.of("2", "2", "2"))).isEqualTo(Commit.TOO_LARGE);
    assertThat(store.commit("a", "t", List.of("2", "3"))).isEqualTo(Commit.UNKNOWN_BLOCK);
    assertThat(store.commit("a", "t", List.of("2", "2"))).isEqualTo(Commit.DONE);
    assertThat(store.roomFor("b")).isEqualTo(20);
    assertThat(store.roomFor("a")).isEqualTo(100);
    assertThat(store.put("a", "t", new byte[5])).isTrue();
    assertThat(store.roomFor("b")).isEqualTo(95);
  }
}
