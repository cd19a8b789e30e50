package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.core.ErrorDocument;
import dev.fairlead.localhub.registry.HubDevice;
import dev.fairlead.localhub.text.Syntax;
import dev.fairlead.localhub.twin.Twin;
import java.util.Optional;
import java.util.OptionalLong;

/** Twin reads and reports of one connection. Used on the connection's thread only. */
final class TwinExchange {

  private final Twin twin;
  private final ErrorDocument errors;
  private final Outgoing answers;
  private final Outbound out;
  private final boolean supported;

  /** Sends an answer, if the client is subscribed to answers. */
  @FunctionalInterface
  interface Outgoing {
    /** Publishes. */
    void send(String topic, String payload);
  }

  /**
   * @param supported whether the client's user name has an API version; without one it has no twin
   */
  TwinExchange(HubDevice device, HubTime time, Outbound out, boolean supported, Outgoing answers) {
    this.twin = device.properties();
    this.errors = new ErrorDocument(time);
    this.out = out;
    this.supported = supported;
    this.answers = answers;
  }

  /** Handles a request to read the twin; false if its topic is not as documented. */
  boolean read(String topic) {
    Optional<String> requestId = Topics.queryValue(topic, "$rid");
    requestId.ifPresent(
        id ->
            answer(
                id,
                () -> {
                  String document = twin.forDevice();
                  answers.send(Topics.twinAnswer(200, id), document);
                }));
    return requestId.isPresent();
  }

  /** Handles a patch of the reported properties; false if its topic is not as documented. */
  boolean report(String topic, String patch) {
    Optional<String> requestId = Topics.queryValue(topic, "$rid");
    requestId.ifPresent(
        id ->
            answer(
                id,
                () -> {
                  long version = twin.updateReported(patch, baseVersion(topic));
                  answers.send(Topics.reportAccepted(id, version), "");
                }));
    return requestId.isPresent();
  }

  private static OptionalLong baseVersion(String topic) {
    Optional<String> base = Topics.queryValue(topic, "$version");
    if (base.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!Syntax.isNumber(base.get(), 18)) {
      throw new LocalHubException(400004, "The base version '" + base.get() + "' is not a number.");
    }
    return OptionalLong.of(Long.parseLong(base.get()));
  }

  private void answer(String requestId, Runnable request) {
    try {
      if (!supported) {
        throw new LocalHubException(
            400001, "Twins need an api-version in the user name. Add ?api-version=2021-04-12.");
      }
      if (!out.isWritable()) {
        // Answers are larger than requests. A client that sends requests and does not read the
        // answers must not fill the hub's memory.
        throw new LocalHubException(
            429001,
            "The client has sent more twin requests than it has read answers. Read"
                + " the answers first.");
      }
      request.run();
    } catch (LocalHubException e) {
      answers.send(Topics.twinAnswer(e.code() / 1000, requestId), errors.print(e));
    }
  }
}
