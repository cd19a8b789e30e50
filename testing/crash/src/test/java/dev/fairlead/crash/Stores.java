package dev.fairlead.crash;

import dev.fairlead.Priority;
import dev.fairlead.spi.OutboxStore;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.sqlite.SqliteOutboxStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The store under test, and calls of it that do not wait forever. */
final class Stores {
  static final String FILE = "outbox.db";

  private Stores() {}

  static OutboxStore open(Path folder) {
    return SqliteOutboxStore.open(folder.resolve(FILE));
  }

  /** All messages of a queue, class by class. */
  static List<StoredQueue.Stored> readAll(StoredQueue queue) throws ExecutionException {
    List<StoredQueue.Stored> all = new ArrayList<>();
    for (Priority priority : Priority.values()) {
      long after = 0;
      boolean end = false;
      while (!end) {
        StoredQueue.Page page = get(queue.read(priority, after, 100, 600_000));
        if (!page.damaged().isEmpty()) {
          throw new IllegalStateException("Damaged messages: " + page.damaged());
        }
        if (page.messages().isEmpty() && !page.end()) {
          throw new IllegalStateException("A read that finds nothing and is not at the end");
        }
        for (StoredQueue.Stored one : page.messages()) {
          if (one.sequence() <= after || one.message().priority() != priority) {
            throw new IllegalStateException("Out of order: " + one + " after " + after);
          }
          after = one.sequence();
          all.add(one);
        }
        end = page.end();
      }
    }
    return all;
  }

  /** What a stage completes with; a hang is an error of the store. */
  static <T> T get(CompletionStage<T> stage) throws ExecutionException {
    try {
      return stage.toCompletableFuture().get(30, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException("The store does not answer", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
