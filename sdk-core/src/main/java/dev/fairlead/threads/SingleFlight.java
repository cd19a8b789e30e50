package dev.fairlead.threads;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.threads.ForeignCalls.Call;
import dev.fairlead.threads.ForeignCalls.Outcome;
import dev.fairlead.threads.ForeignCalls.Settling;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Code of the application of which at most one call is in flight: callers that ask during the call
 * share its result, each with a deadline of its own. Confined to the loop.
 *
 * <p>While a call blocks its thread beyond all deadlines, no second call is made, so code that
 * hangs costs one thread; callers that ask then wait for that call. A call that returned a stage
 * which does not complete is abandoned when the last deadline has passed, and the next caller
 * triggers a new call.
 *
 * @param <T> the type of the result
 */
public final class SingleFlight<T> {
  private final ForeignCalls calls;
  private final String what;
  private final Callable<? extends CompletionStage<T>> code;
  private @Nullable Flight flight;

  SingleFlight(ForeignCalls calls, String what, Callable<? extends CompletionStage<T>> code) {
    this.calls = calls;
    this.what = what;
    this.code = code;
  }

  /**
   * Asks, or joins a call in progress.
   *
   * @param limit how long until there is an outcome at the latest
   * @param then receives the outcome, as in {@link ForeignCalls#ask}
   * @return this question; cancelling it does not affect the others
   */
  public Call ask(Duration limit, Outcome<T> then) {
    calls.loop().assertInLoop();
    Flight joined = flight;
    if (joined == null) {
      joined = new Flight();
      flight = joined;
      calls.invoke(what, code, joined);
    }
    return new Question(joined, limit, then);
  }

  private final class Question implements Call {
    private final Flight of;
    private final Duration limit;
    private final Outcome<T> then;
    private final Alarm alarm;

    Question(Flight of, Duration limit, Outcome<T> then) {
      this.of = of;
      this.limit = limit;
      this.then = then;
      of.questions.add(this);
      alarm = calls.loop().schedule(limit, this::overdue);
    }

    void end(@Nullable T value, @Nullable Throwable failure) {
      alarm.cancel();
      then.ended(value, failure);
    }

    private void overdue() {
      if (of.questions.remove(this)) {
        of.abandonedIfNobodyWaits();
        then.ended(null, ForeignCalls.overdue(what, limit));
      }
    }

    @Override
    public void cancel() {
      calls.loop().assertInLoop();
      alarm.cancel();
      of.questions.remove(this);
    }
  }

  /** One call. */
  private final class Flight implements Settling<T> {
    final Set<Question> questions = new LinkedHashSet<>();
    private final AtomicBoolean settled = new AtomicBoolean();
    private boolean returned;
    private boolean lent;

    @Override
    public void settle(@Nullable T value, @Nullable Throwable failure) {
      if (settled.compareAndSet(false, true)) {
        calls
            .loop()
            .execute(() -> end(value, failure == null ? null : ForeignCalls.unwrapped(failure)));
      }
    }

    private void end(@Nullable T value, @Nullable Throwable failure) {
      over();
      // One at a time, because handling the outcome may cancel the next.
      for (Question next = first(); next != null; next = first()) {
        Question question = next;
        questions.remove(question);
        ForeignCalls.guarded("Taking the outcome", () -> question.end(value, failure));
      }
    }

    @Override
    public void returned() {
      returned = true;
      if (lent) {
        lent = false;
        calls.takeThreadBack();
        if (questions.isEmpty()) {
          over();
        }
      }
    }

    void abandonedIfNobodyWaits() {
      if (!questions.isEmpty()) {
        return;
      }
      if (returned) {
        over();
      } else if (!lent) {
        lent = true;
        calls.lendThread();
      }
    }

    private @Nullable Question first() {
      return questions.isEmpty() ? null : questions.iterator().next();
    }

    private void over() {
      if (flight == this) {
        flight = null;
      }
    }
  }
}
