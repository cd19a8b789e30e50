package dev.fairlead;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The state of the client's connection to the hub. Every state holds what is known in it; the
 * optional accessors answer the same questions for any state.
 */
public sealed interface ConnectionState {
  /**
   * The route in use, being opened, or used last.
   *
   * @return the route, empty before the first
   */
  default Optional<Route> route() {
    return Optional.empty();
  }

  /**
   * Which attempt in a row this is, or which one failed, since the last stable session; 0 while
   * connected or not opened, and when an open session was lost.
   *
   * @return the attempt
   */
  default int attempt() {
    return 0;
  }

  /**
   * Why the client is not connected.
   *
   * @return the cause, empty where there is none
   */
  default Optional<HubException> cause() {
    return Optional.empty();
  }

  /**
   * When the next attempt begins.
   *
   * @return the time, empty where none is set
   */
  default Optional<Instant> nextTry() {
    return Optional.empty();
  }

  /**
   * Why this machine's clock may be wrong, which would explain the cause.
   *
   * @return one sentence, empty if there is no sign of that
   */
  default Optional<String> clockDoubt() {
    return Optional.empty();
  }

  /** Built, and {@code open()} not called yet. */
  record NotOpened() implements ConnectionState {
    @Override
    public String toString() {
      return "Not opened yet";
    }
  }

  /**
   * A route is being opened, or a session is being closed to be replaced by a new one.
   *
   * @param via the route
   * @param attempt the number of the attempt, from 1
   */
  record Connecting(Route via, int attempt) implements ConnectionState {
    @Override
    public String toString() {
      return "Connecting over " + via + ", attempt " + attempt;
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }
  }

  /**
   * A session is open.
   *
   * @param via the route
   * @param since when it opened
   * @param remarks remarks for an operator, one sentence each: how the route is set up, and which
   *     better routes were passed over when it opened, and why
   */
  record Connected(Route via, Instant since, List<String> remarks) implements ConnectionState {
    /** Copies the list. */
    public Connected {
      remarks = List.copyOf(remarks);
    }

    @Override
    public String toString() {
      return "Connected over "
          + via
          + " since "
          + since
          + (remarks.isEmpty() ? "" : ". " + String.join(" ", remarks));
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }
  }

  /**
   * No route could be opened, or the session was lost; the next attempt is set. Until then
   * telemetry waits in the outbox.
   *
   * @param route the route that failed last
   * @param attempt the number of the attempt that failed, from 1; 0 if an open session was lost
   * @param failure what failed last
   * @param next when the next attempt begins
   * @param clockDoubt why the clock may be wrong, if there is any sign of that
   */
  record Waiting(
      Optional<Route> route,
      int attempt,
      HubException failure,
      Instant next,
      Optional<String> clockDoubt)
      implements ConnectionState {
    @Override
    public String toString() {
      return "Waiting until "
          + next
          + (attempt == 0 ? "" : ", attempt " + attempt + " failed")
          + route.map(last -> ", last over " + last).orElse("")
          + ": "
          + failure.getMessage()
          + clockDoubt.map(doubt -> " " + doubt).orElse("");
    }

    @Override
    public Optional<HubException> cause() {
      return Optional.of(failure);
    }

    @Override
    public Optional<Instant> nextTry() {
      return Optional.of(next);
    }
  }

  /**
   * The hub refused the credential, a renewed one too. It is retried slowly, because the device may
   * be enabled again or its keys may be corrected; when the clock is set, it is retried
   * immediately.
   *
   * @param via the route
   * @param attempt the refusals in a row, from 1
   * @param failure the refusal
   * @param next when the next attempt begins
   * @param clockDoubt why the clock may be wrong, if there is any sign of that
   */
  record Unauthorized(
      Route via,
      int attempt,
      UnauthorizedException failure,
      Instant next,
      Optional<String> clockDoubt)
      implements ConnectionState {
    @Override
    public String toString() {
      return "Unauthorized over "
          + via
          + ", refused "
          + attempt
          + " times, next attempt at "
          + next
          + ": "
          + failure.getMessage()
          + clockDoubt.map(doubt -> " " + doubt).orElse("");
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }

    @Override
    public Optional<HubException> cause() {
      return Optional.of(failure);
    }

    @Override
    public Optional<Instant> nextTry() {
      return Optional.of(next);
    }
  }

  /**
   * The hub throttled the device: it ended the session or did not let it open. The same route is
   * tried again; telemetry waits in the outbox.
   *
   * @param via the route
   * @param failure what the hub said
   * @param next when the next attempt begins
   */
  record Throttled(Route via, ThrottledException failure, Instant next) implements ConnectionState {
    @Override
    public String toString() {
      return "Throttled over " + via + " until " + next + ": " + failure.getMessage();
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }

    @Override
    public Optional<HubException> cause() {
      return Optional.of(failure);
    }

    @Override
    public Optional<Instant> nextTry() {
      return Optional.of(next);
    }
  }

  /**
   * A limit of the hub, such as the daily quota, is used up; it is available again in minutes or
   * hours. Reported where the protocol can express it (AMQP and HTTPS). The same route is tried
   * again; telemetry waits in the outbox.
   *
   * @param via the route
   * @param failure what the hub said
   * @param next when the next attempt begins
   */
  record QuotaExceeded(Route via, QuotaExceededException failure, Instant next)
      implements ConnectionState {
    @Override
    public String toString() {
      return "Quota exceeded over "
          + via
          + ", next attempt at "
          + next
          + ": "
          + failure.getMessage();
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }

    @Override
    public Optional<HubException> cause() {
      return Optional.of(failure);
    }

    @Override
    public Optional<Instant> nextTry() {
      return Optional.of(next);
    }
  }

  /**
   * Another connection uses the same identity. Reported where the protocol can express it (AMQP).
   * The same route is tried again after a long wait, which doubles with each time in a row.
   *
   * @param via the route
   * @param times how often in a row, from 1
   * @param failure what the hub said
   * @param next when the next attempt begins
   */
  record TakenOver(Route via, int times, TakenOverException failure, Instant next)
      implements ConnectionState {
    @Override
    public String toString() {
      return "Taken over by another client over "
          + via
          + ", "
          + (times == 1 ? "once" : times + " times")
          + ", next attempt at "
          + next
          + ": "
          + failure.getMessage();
    }

    @Override
    public Optional<Route> route() {
      return Optional.of(via);
    }

    @Override
    public Optional<HubException> cause() {
      return Optional.of(failure);
    }

    @Override
    public Optional<Instant> nextTry() {
      return Optional.of(next);
    }
  }

  /**
   * Permanently closed: by the application, or by a limit that the application set.
   *
   * @param failure why, empty if the application closed the client
   */
  record Closed(Optional<HubException> failure) implements ConnectionState {
    @Override
    public String toString() {
      return "Closed" + failure.map(cause -> ": " + cause.getMessage()).orElse("");
    }

    @Override
    public Optional<HubException> cause() {
      return failure;
    }
  }
}
