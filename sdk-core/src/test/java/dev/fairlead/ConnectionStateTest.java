package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConnectionStateTest {
  private static final Route ROUTE = new Route(Protocol.MQTT, Carrier.TCP, 8883);
  private static final Instant TIME = Instant.parse("2026-01-01T00:00:00Z");
  private static final UnreachableException UNREACHABLE =
      new UnreachableException("gone", UnreachableException.Stage.CONNECT, Progress.NOT_SENT, null);
  private static final UnauthorizedException REFUSED =
      new UnauthorizedException("refused", Progress.NOT_SENT);

  private static final ThrottledException SLOWER =
      new ThrottledException("slower", Progress.NOT_SENT, null);
  private static final QuotaExceededException QUOTA =
      new QuotaExceededException("used up", Progress.NOT_SENT, null);
  private static final TakenOverException SECOND =
      new TakenOverException("a second client", Progress.NOT_SENT);

  /** One row each: state, route, attempt, cause, next try, doubt. */
  private static final List<List<Object>> TABLE =
      List.of(
          row(new ConnectionState.NotOpened(), null, 0, null, null, null),
          row(new ConnectionState.Connecting(ROUTE, 3), ROUTE, 3, null, null, null),
          row(
              new ConnectionState.Connected(ROUTE, TIME, List.of("remark")),
              ROUTE,
              0,
              null,
              null,
              null),
          row(
              new ConnectionState.Waiting(
                  Optional.of(ROUTE), 2, UNREACHABLE, TIME, Optional.of("doubt")),
              ROUTE,
              2,
              UNREACHABLE,
              TIME,
              "doubt"),
          row(
              new ConnectionState.Waiting(Optional.empty(), 0, UNREACHABLE, TIME, Optional.empty()),
              null,
              0,
              UNREACHABLE,
              TIME,
              null),
          row(
              new ConnectionState.Unauthorized(ROUTE, 4, REFUSED, TIME, Optional.of("doubt")),
              ROUTE,
              4,
              REFUSED,
              TIME,
              "doubt"),
          row(new ConnectionState.Throttled(ROUTE, SLOWER, TIME), ROUTE, 0, SLOWER, TIME, null),
          row(new ConnectionState.QuotaExceeded(ROUTE, QUOTA, TIME), ROUTE, 0, QUOTA, TIME, null),
          row(new ConnectionState.TakenOver(ROUTE, 2, SECOND, TIME), ROUTE, 0, SECOND, TIME, null),
          row(new ConnectionState.Closed(Optional.of(REFUSED)), null, 0, REFUSED, null, null),
          row(new ConnectionState.Closed(Optional.empty()), null, 0, null, null, null));

  private static List<Object> row(
      ConnectionState state,
      @Nullable Object route,
      int attempt,
      @Nullable Object cause,
      @Nullable Object nextTry,
      @Nullable Object doubt) {
    return List.of(
        state,
        Optional.ofNullable(route),
        attempt,
        Optional.ofNullable(cause),
        Optional.ofNullable(nextTry),
        Optional.ofNullable(doubt));
  }

  @Test
  void answersTheSameQuestionsInEveryState() {
    assertThat(TABLE)
        .allSatisfy(
            row -> {
              ConnectionState state = (ConnectionState) row.get(0);
              assertThat(
                      List.<Object>of(
                          state,
                          state.route(),
                          state.attempt(),
                          state.cause(),
                          state.nextTry(),
                          state.clockDoubt()))
                  .isEqualTo(row);
            });
  }

  @Test
  void isLookedAtInFull() {
    Set<Class<?>> seen = new HashSet<>();
    TABLE.forEach(row -> seen.add(row.get(0).getClass()));

    assertThat(seen).isEqualTo(Set.of(ConnectionState.class.getPermittedSubclasses()));
  }
}
