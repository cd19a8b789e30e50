package dev.fairlead;

import dev.fairlead.policy.TransportPlan;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * One device (or module) identity and its line to the hub. The client chooses a route by the
 * {@linkplain dev.fairlead.policy.TransportPolicy policy}, keeps a session open for as long as it
 * is open itself, and carries telemetry across every loss of the line, in order and at least once.
 *
 * <p><b>Threads.</b> Every method may be called from any thread, and none waits for the network but
 * {@link #close()}, {@link #awaitClosed()}, those of {@link #blocking}, and {@link #send} where the
 * outbox is full and told to {@link OverflowPolicy#BLOCK}. Handlers run on the callback executor;
 * futures complete on a thread of their own, so that a handler may wait for one. Code attached to a
 * future runs on that thread: it must not wait for another future of the same client, and fails
 * with {@link IllegalStateException} if it does. Code that waits there in another way ({@link
 * java.util.concurrent.CompletableFuture#allOf}, a latch) holds up the other futures for a second,
 * and then they complete on another thread.
 *
 * <p><b>Failures.</b> Futures fail with a {@link HubException}. Only telemetry waits while there is
 * no session; twin operations then fail at once with {@link UnreachableException}.
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
   * Begins to connect, and to stay connected. Called again it returns the same outcome, in a future
   * of its own: to cancel one, or to give it a time-out, concerns no other caller.
   *
   * @return completes with the first session. It does not fail while attempts go on: the
   *     {@linkplain #state() state} tells why it takes so long. It fails only when the client is
   *     closed or gives up as it was asked to; a client that is closed cannot be opened again
   */
  CompletableFuture<Void> open();

  /**
   * Puts a message into the outbox; it leaves as soon as there is a session. May be called before
   * {@link #open()}.
   *
   * @param message the message
   * @return completes when the hub has acknowledged the message; fails if it expired, was dropped
   *     or refused, or was still waiting when the client closed
   */
  CompletableFuture<Void> send(TelemetryMessage message);

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
   * Uploads a file over HTTPS to the storage account that is linked with the hub, beside whatever
   * route is in use, and tells the hub of it. Ten at a time; more wait, in order. May be called
   * before {@link #open()}. Needs {@code fairlead-https} and port 443; name the need with the
   * policy's {@code fileUpload(true)}. Cancelling the future stops the upload and tells the hub.
   *
   * @param upload what to upload
   * @return completes when the file is in the storage and the hub has been told; fails with {@link
   *     UnsupportedException} where uploads cannot work, with {@link RejectedException} if the
   *     content cannot be read or the hub or the storage refused it, and otherwise when trying
   *     again has not helped
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
   * Where the client stands with the hub, now.
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
   * What waits in the outbox and what has become of the rest.
   *
   * @return the counts, taken together
   */
  OutboxStatus outbox();

  /**
   * Waits until the client is closed: for a {@code main} that has nothing else to do.
   *
   * @throws InterruptedException if the waiting thread is interrupted
   */
  void awaitClosed() throws InterruptedException;

  /**
   * Closes the client: sends what waits in the outbox for as long as the drain time allows, ends
   * the session, stops every thread. What could not be sent fails with {@link
   * ClientClosedException}. Called again with less time left it ends sooner.
   *
   * @param drain how long to go on sending; zero to stop at once
   * @return completes when all is down; a future of its own for each call
   */
  CompletableFuture<Void> close(Duration drain);

  /**
   * Closes the client with the builder's drain time, and waits for it: at most that time and 30 s
   * more, whatever the code does that the client has called. Does not wait where it is called in
   * the continuation of a future of the client.
   */
  @Override
  void close();
}
