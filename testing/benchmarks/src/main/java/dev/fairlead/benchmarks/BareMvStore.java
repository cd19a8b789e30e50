package dev.fairlead.benchmarks;

import java.nio.file.Path;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/** A map of blobs in H2's MVStore, synced after each group. */
final class BareMvStore implements OutboxStores.GroupStore {
  private final MVStore store;
  private final MVMap<Long, byte[]> map;

  BareMvStore(Path file) {
    store =
        new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().cacheSize(4).open();
    map = store.openMap("message");
  }

  @Override
  public void store(long first, int count, byte[] body) {
    for (int i = 0; i < count; i++) {
      map.put(first + i, body);
    }
    store.commit();
    store.sync();
  }

  @Override
  public void close() {
    store.close();
  }
}
