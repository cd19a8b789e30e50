package dev.fairlead.transport;

import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Requests of one kind that wait for their answers, by id. Their number is bounded; each is
 * completed exactly once, by its answer, by its time-out, or by the end. A request that was
 * registered and not sent yet has no clock, because the hub owes nothing for it; from {@link #sent}
 * on it counts as a debt. Has no alarm of its own. Confined to the loop; futures are completed on
 * it.
 *
 * @param <K> the id's type
 * @param <A> the answer's type
 */
public final class PendingRequests<K, A> extends Account {
  /** When the limit of a request starts. */
  public enum Timing {
    /** From its sending. */
    EACH,
    /**
     * From its sending, and again from each answer to a request that was sent before it: for a hub
     * that answers them in order. A request that later answers overtake gains no time.
     */
    IN_TURN
  }

  private final Debts debts;
  private final String what;
  private final int most;
  private final long limit;
  private final Timing timing;

  private final Map<K, Request<A>> unsent = new LinkedHashMap<>();
  // In the order of sending, which is also that of their deadlines.
  private final Map<K, Request<A>> sent = new LinkedHashMap<>();
  private long bytes;
  private long sendings;
  private @Nullable HubException over;

  /**
   * Creates an empty set whose requests each have the limit from their sending.
   *
   * @param debts where they count as debts
   * @param what one of them, as a noun such as "twin operation"
   * @param most the most requests, sent or not
   * @param limit how long the hub may take for one, positive
   */
  public PendingRequests(Debts debts, String what, int most, Duration limit) {
    this(debts, what, most, limit, Timing.EACH);
  }

  /**
   * Creates an empty set.
   *
   * @param debts where they count as debts
   * @param what one of them, as a noun such as "twin operation"
   * @param most the most requests, sent or not
   * @param limit how long the hub may take, positive
   * @param timing when that limit starts
   */
  public PendingRequests(Debts debts, String what, int most, Duration limit, Timing timing) {
    this.debts = debts;
    this.what = what;
    this.most = most;
    this.limit = limit.toNanos();
    this.timing = timing;
  }

  /**
   * Adds a request that is not sent yet. Its clock does not run.
   *
   * @param id its id, different from those of all pending requests
   * @return completes with the answer, else with a {@link HubException}; already failed after the
   *     end and where there are too many
   */
  public CompletableFuture<A> register(K id) {
    CompletableFuture<A> answer = new CompletableFuture<>();
    if (over != null) {
      answer.completeExceptionally(over);
    } else if (size() >= most) {
      answer.completeExceptionally(
          new RejectedException(
              "The "
                  + what
                  + " was not sent because "
                  + most
                  + " others already wait for the hub's answer. Wait for some of them before"
                  + " starting more.",
              Progress.NOT_SENT));
    } else if (sent.containsKey(id) || unsent.putIfAbsent(id, new Request<>(answer)) != null) {
      throw new IllegalArgumentException("The id " + id + " is in use.");
    }
    return answer;
  }

  /**
   * Notes that a request was sent: its clock starts and the hub owes its answer.
   *
   * @param id of a registered request; an unknown one has no effect
   * @param size how many bytes it has
   */
  public void sent(K id, long size) {
    Request<A> request = unsent.remove(id);
    if (request != null) {
      request.number = ++sendings;
      request.size = size;
      request.sentAt = debts.loop.nanoTime();
      request.countedFrom = request.sentAt;
      bytes += size;
      sent.put(id, request);
      debts.open(this);
    }
  }

  /**
   * Notes that a request was lost and will be sent again: its clock stops.
   *
   * @param id of a request that was sent; an unknown one has no effect
   */
  public void notSent(K id) {
    Request<A> request = removeSent(id);
    if (request != null) {
      unsent.put(id, request);
    }
  }

  /**
   * Completes a request.
   *
   * @param id from the answer; an unknown or late one has no effect
   * @param answer the answer
   * @return whether there was such a request
   */
  public boolean answer(K id, A answer) {
    Request<A> request = remove(id);
    return request != null && request.answer.complete(answer);
  }

  /**
   * Fails one request.
   *
   * @param id an unknown or late one has no effect
   * @param failure why
   * @return whether there was such a request
   */
  public boolean fail(K id, HubException failure) {
    Request<A> request = remove(id);
    return request != null && request.answer.completeExceptionally(failure);
  }

  /**
   * Drops a request that is no longer needed. Its future is not completed.
   *
   * @param id an unknown one has no effect
   */
  public void forget(K id) {
    remove(id);
  }

  /**
   * Fails all that were sent; unsent requests may still be sent.
   *
   * @param failure why
   */
  public void failSent(HubException failure) {
    List<Request<A>> failed = List.copyOf(sent.values());
    sent.clear();
    bytes = 0;
    debts.close(this);
    failed.forEach(request -> request.answer.completeExceptionally(failure));
  }

  /**
   * Ends it: all requests fail, and later ones too.
   *
   * @param failure why
   */
  public void end(HubException failure) {
    end(failure, failure);
  }

  /**
   * Ends it: all requests fail, and later ones too.
   *
   * @param failure for sent requests
   * @param unsentFailure for unsent and later requests
   */
  public void end(HubException failure, HubException unsentFailure) {
    over = unsentFailure;
    List<Request<A>> left = List.copyOf(unsent.values());
    unsent.clear();
    failSent(failure);
    left.forEach(request -> request.answer.completeExceptionally(unsentFailure));
  }

  /**
   * How many there are, sent or not.
   *
   * @return the count
   */
  public int size() {
    return sent.size() + unsent.size();
  }

  /**
   * How many were sent and wait for their answers.
   *
   * @return the count
   */
  public int underWay() {
    return sent.size();
  }

  /**
   * The ids of those that were sent.
   *
   * @return a copy, in the order of sending
   */
  public List<K> sentIds() {
    return List.copyOf(sent.keySet());
  }

  private @Nullable Request<A> remove(K id) {
    Request<A> request = unsent.remove(id);
    return request != null ? request : removeSent(id);
  }

  private @Nullable Request<A> removeSent(K id) {
    Request<A> request = sent.remove(id);
    if (request == null) {
      return null;
    }
    bytes -= request.size;
    if (sent.isEmpty()) {
      debts.close(this);
    } else if (timing == Timing.IN_TURN) {
      long now = debts.loop.nanoTime();
      for (Request<A> other : sent.values()) {
        if (other.number > request.number) {
          other.countedFrom = now;
        }
      }
    }
    return request;
  }

  private Request<A> first() {
    return sent.values().iterator().next();
  }

  @Override
  long since() {
    return first().sentAt;
  }

  @Override
  long bytes() {
    return bytes;
  }

  @Override
  String what() {
    return sent.size() == 1
        ? "the answer to the " + what
        : "the answers to " + sent.size() + " requests (" + what + ")";
  }

  @Override
  long deadline() {
    return first().countedFrom + limit + Debts.slowestTransfer(bytes);
  }

  @Override
  long limit() {
    return limit;
  }

  @Override
  void overdue(long now) {
    long heardAt = debts.lastReceived();
    long allowed = limit + Debts.slowestTransfer(bytes);
    List<Request<A>> late = new ArrayList<>();
    for (Iterator<Request<A>> each = sent.values().iterator(); each.hasNext(); ) {
      Request<A> request = each.next();
      if (now - (request.countedFrom + allowed) < 0) {
        break;
      }
      each.remove();
      bytes -= request.size;
      late.add(request);
    }
    if (sent.isEmpty()) {
      debts.close(this);
    }
    for (Request<A> request : late) {
      request.answer.completeExceptionally(
          new UnreachableException(
              "The hub did not answer the "
                  + what
                  + " within "
                  + Overdue.inWords(Duration.ofNanos(now - request.sentAt))
                  + (heardAt - request.sentAt > 0 ? " although it answers pings" : "")
                  + ". The hub may have executed it nevertheless. Retry, or read the current "
                  + "state.",
              Stage.SESSION,
              Progress.MAYBE_SENT,
              null));
    }
  }

  private static final class Request<A> {
    private final CompletableFuture<A> answer;
    private long number;
    private long size;
    private long sentAt;
    private long countedFrom;

    Request(CompletableFuture<A> answer) {
      this.answer = answer;
    }
  }
}
