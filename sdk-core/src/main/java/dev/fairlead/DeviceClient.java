package dev.fairlead;

import dev.fairlead.policy.TransportPlan;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One device (or module) identity and its connection to the hub. The client chooses a route by the
 * {@linkplain dev.fairlead.policy.TransportPolicy policy}, keeps a session open for as long as it
 * is open itself, and delivers telemetry in order and at least once, even if connections are lost.
 *
 * <p><b>Threads.</b> Every method may be called from any thread, and none waits for the network but
 * {@link #close()}, {@link #awaitClosed()}, those of {@link #blocking}, and {@link #send} where the
 * outbox is full and its policy is {@link OverflowPolicy#BLOCK}. Handlers run on the callback
 * executor; futures complete on a thread of their own, so that a handler may wait for one. Code
 * attached to a future runs on that thread: it must not wait for another future of the same client,
 * and fails with {@link IllegalStateException} if it does. Code that blocks there in another way
 * ({@link java.util.concurrent.CompletableFuture#allOf}, a latch) delays the other futures for a
 * second, and then they complete on another thread.
 *
 * <p><b>Failures.</b> Futures fail with a {@link HubException}. Only telemetry waits while there is
 * no session; twin operations then fail immediately with {@link UnreachableException}.
 */
public interface DeviceClient extends AutoCloseable {
  /**
   * Starts building a client.
   *
   * @return an empty builder
   */
  static DeviceClientBuilder builder() {
    return new DeviceClientBuilder();
  }

  /**
   * Starts building a client from a device connection string.
   *
   * @param connectionString as the hub's portal shows it
   * @return a builder that holds host, identity and credentials
   * @throws IllegalArgumentException if the text is not a device connection string; the message
   *     names the mistake
   */
  static DeviceClientBuilder builder(String connectionString) {
    return builder().connectionString(connectionString);
  }

  /**
   * Begins to connect, and to stay connected. A further call returns the same outcome in another
   * future: cancelling one future, or giving it a time-out, does not affect other callers.
   *
   * @return completes with the first session. It does not fail while attempts go on: the
   *     {@linkplain #state() state} shows why it takes so long. It fails only when the client is
   *     closed, by the application or by a limit that it set; a closed client cannot be opened
   *     again
   */
  CompletableFuture<Void> open();

  /**
   * Puts a message into the outbox; it is sent as soon as there is a session. May be called before
   * {@link #open()}.
   *
   * @param message the message
   * @return completes when the hub has acknowledged the message; fails if it expired, was dropped
   *     or refused, or was still waiting when the client closed
   */
  CompletableFuture<Void> send(TelemetryMessage message);

  /**
   * Puts a message into the durable outbox without keeping a future for its delivery: for a long
   * backlog, because it takes no heap once the message is stored. The outcome goes to {@link
   * DeviceOptions#onStoredOutcome}. Order is the same as with {@link #send}.
   *
   * @param message the message
   * @return completes with the message's number in the outbox as soon as a power cut would not lose
   *     it, or the hub has acknowledged it; fails if it could not be stored, and with {@link
   *     UnsupportedException} if the client has no durable outbox
   */
  CompletableFuture<Long> store(TelemetryMessage message);

  /**
   * Reads the twin.
   *
   * @return the desired and the reported properties as the hub holds them now
   */
  CompletableFuture<Twin> getTwin();

  /**
   * Merges into the reported properties: what the patch does not name stays, null deletes.
   *
   * @param patch names and values: text, numbers, booleans, null, and lists and maps of them;
   *     checked against the hub's limits before anything is sent
   * @return the new version of the reported properties
   */
  CompletableFuture<Long> updateReportedProperties(Map<String, ?> patch);

  /**
   * Merges into the reported properties.
   *
   * @param json a JSON object, checked as in {@link #updateReportedProperties(Map)}
   * @return the new version of the reported properties
   */
  CompletableFuture<Long> updateReportedProperties(String json);

  /**
   * Uploads a file over HTTPS to the storage account that is linked with the hub, independent of
   * the route in use, and notifies the hub. Ten at a time; further uploads are queued in order. May
   * be called before {@link #open()}. Needs {@code fairlead-https} and port 443; name the need with
   * the policy's {@code fileUpload(true)}. Cancelling the future stops the upload and notifies the
   * hub.
   *
   * @param upload what to upload
   * @return completes when the file is in the storage and the hub has been notified; fails with
   *     {@link UnsupportedException} where uploads cannot work, with {@link RejectedException} if
   *     the content cannot be read or the hub or the storage refused it, and otherwise when all
   *     attempts have failed
   */
  CompletableFuture<UploadResult> uploadFile(FileUpload upload);

  /**
   * The same verbs, waiting for their outcome.
   *
   * @param timeout how long each call waits at most, positive
   * @return a view of this client
   */
  BlockingDeviceClient blocking(Duration timeout);

  /**
   * The state of the connection to the hub, now.
   *
   * @return the state
   */
  ConnectionState state();

  /**
   * The routes in the order in which they would be tried now, and why the others are not among
   * them.
   *
   * @return the plan; {@link TransportPlan#explain()} prints it
   */
  TransportPlan plan();

  /**
   * How many messages are queued and in flight, and what became of the others.
   *
   * @return the counts, taken together
   */
  OutboxStatus outbox();

  /**
   * When the outbox has room again, so that a source can be paused without blocking a thread:
   *
   * <pre>{@code
   * void next() {
   *   client.send(source.read());
   *   client.whenRoom().thenRunAsync(this::next, executor);
   * }
   * }</pre>
   *
   * @return has completed if at least a quarter of each limit of the outbox is free, else completes
   *     as soon as it is. The limits are {@link OutboxLimits}, and what the outbox is guaranteed of
   *     an {@link OutboxBudget}, or as much beyond that. A separate future for each call. Fails
   *     with {@link ClientClosedException} when the client is being closed
   */
  CompletableFuture<Void> whenRoom();

  /**
   * Waits until the client is closed: for a {@code main} that has nothing else to do.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   */
  void awaitClosed() throws InterruptedException;

  /**
   * Closes the client: sends queued messages for as long as the drain time allows, ends the
   * session, stops every thread. Messages that could not be sent fail with {@link
   * ClientClosedException}; what a durable outbox holds stays there for the next run. Called again
   * with less time left it ends sooner.
   *
   * @param drain how long to go on sending; zero to stop immediately
   * @return completes when everything has stopped; a separate future for each call
   */
  CompletableFuture<Void> close(Duration drain);

  /**
   * Closes the client with the builder's drain time, and waits for it: at most that time and 30 s
   * more, even if code that the client has called does not return. Does not wait where it is called
   * in the continuation of a future of the client.
   */
  @Override
  void close();
}
