package dev.fairlead.outbox;

import dev.fairlead.ClientClosedException;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnsupportedException;
import dev.fairlead.threads.Failures;
import dev.fairlead.transport.Overdue;

/** Why the outbox did not take a message in, or dropped it: what happened and what to do. */
final class Refusals {
  private Refusals() {}

  static ClientClosedException closed() {
    return Failures.clientClosed("The message was not queued.");
  }

  static ClientClosedException noMoreRoom() {
    return Failures.clientClosed("It takes no more messages.");
  }

  /**
   * @param fill how full the outbox is
   */
  static RejectedException full(String fill) {
    return new RejectedException(
        "The outbox is full ("
            + fill
            + "). Send less often, allow more with OutboxLimits, or choose OverflowPolicy.BLOCK or DROP_OLDEST.",
        Progress.NOT_SENT);
  }

  static RejectedException stayedFull(String fill) {
    return new RejectedException(
        "The outbox stayed full ("
            + fill
            + ") for the whole time-out, so the message was not queued. Send less often, or allow more with OutboxLimits.",
        Progress.NOT_SENT);
  }

  static RejectedException mayNotWait(String fill) {
    return new RejectedException(
        "The outbox is full ("
            + fill
            + "), and send() must not wait for room here: this code was attached to a future of the client, and runs on the thread"
            + " that the client needs to make room. Attach it with thenRunAsync(…, executor) or thenComposeAsync(…, executor).",
        Progress.NOT_SENT);
  }

  static RejectedException interrupted() {
    return new RejectedException(
        "The thread was interrupted while send() waited for room in the outbox; the message was not queued.",
        Progress.NOT_SENT);
  }

  static RejectedException dropped(String fill, Entry oldest) {
    return new RejectedException(
        "The outbox was full ("
            + fill
            + "), and this message, the oldest, was dropped for a newer one (DROP_OLDEST).",
        oldest.progress());
  }

  static RejectedException expired(Entry entry) {
    return new RejectedException(
        "The message waited in the outbox for longer than its time to live and was dropped.",
        entry.progress());
  }

  static RejectedException notSaved(Entry entry) {
    return new RejectedException(
        "The message could not be stored, so it was not queued: "
            + entry.notSaved
            + " Make sure that the outbox's disk works and has room, and send the message again.",
        entry.progress());
  }

  static RejectedException refusedAlone(Entry entry, Isolation.Rule rule, HubException last) {
    return new RejectedException(
        "The hub refused this message "
            + rule.refusals()
            + " times within "
            + Overdue.inWords(rule.over())
            + " or more, each time alone in a new session, and accepted a later message between "
            + "any two refusals. So the hub does not accept this message. Check its size ("
            + entry.message.size()
            + " bytes) and its properties. The last refusal: "
            + last.getMessage(),
        Progress.MAYBE_SENT,
        last);
  }

  static RejectedException damaged(long sequence) {
    return new RejectedException(
        "Message "
            + sequence
            + " was damaged on the disk: its content does not match its checksum. It was set aside in the store and is not sent."
            + " Check the disk.",
        Progress.MAYBE_SENT);
  }

  static UnsupportedException notDurable() {
    return new UnsupportedException(
        "store() needs a durable outbox, and this client has none. Give it one with outboxStore(…), or use send().");
  }

  /** For a future whose message is only in the store. */
  static ClientClosedException keptAtClose() {
    return new ClientClosedException(
        "The client was closed before the hub acknowledged the message; it is stored and will be sent by the next run.",
        Progress.MAYBE_SENT);
  }

  /**
   * @param kept whether the message is stored
   */
  static ClientClosedException clientClosed(Entry entry, boolean kept) {
    return new ClientClosedException(
        "The client was closed before the hub acknowledged the message"
            + (kept
                ? "; it is stored and will be sent by the next run."
                : entry.notSaved == null ? "." : ", and it could not be stored: " + entry.notSaved),
        entry.progress());
  }
}
