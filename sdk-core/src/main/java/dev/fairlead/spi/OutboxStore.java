package dev.fairlead.spi;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.OutboxStoreException;
import java.util.List;

/**
 * Keeps the outboxes of all identities of a process where a restart of the process, or a power cut,
 * finds them again. The application opens one store, gives it to all its clients, and closes it
 * after them.
 *
 * <p>Methods are safe for any thread and may block; the client calls none of them on its loop.
 */
public interface OutboxStore extends AutoCloseable {
  /**
   * Opens the queue of an identity, and creates it if the identity has none.
   *
   * @param identity whose messages
   * @param hubHost the hub that they are for
   * @return the queue, to be closed by the caller
   * @throws OutboxStoreException if the queue is open already, if it holds messages for another
   *     hub, or if the store is closed or cannot be read
   */
  StoredQueue open(DeviceIdentity identity, String hubHost);

  /**
   * All identities with stored messages, also those that no client opens any more.
   *
   * @return their queues as they are now, by identity
   */
  List<StoredQueueStatus> queues();

  /**
   * Directs the stored messages of an identity to another hub, for instance because the device was
   * moved. No effect if the identity has no queue.
   *
   * @param identity whose messages; its queue must not be open
   * @param hubHost the new hub's host name
   * @throws OutboxStoreException if the queue is open
   */
  void moveToHub(DeviceIdentity identity, String hubHost);

  /**
   * Deletes the stored messages of an identity. This is the only way in which messages of an
   * identity without a client leave the store.
   *
   * @param identity whose messages; its queue must not be open
   * @return how many messages were deleted
   * @throws OutboxStoreException if the queue is open
   */
  long delete(DeviceIdentity identity);

  /** Commits what was written and releases the storage. Queues that are still open are closed. */
  @Override
  void close();
}
