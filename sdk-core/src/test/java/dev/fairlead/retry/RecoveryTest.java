package dev.fairlead.retry;

import static dev.fairlead.retry.Recovery.GIVE_WAY;
import static dev.fairlead.retry.Recovery.NEXT_ROUTE;
import static dev.fairlead.retry.Recovery.RENEW_CREDENTIAL;
import static dev.fairlead.retry.Recovery.WAIT_THEN_PLAN;
import static dev.fairlead.retry.Recovery.WAIT_THEN_SAME_ROUTE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ClientClosedException;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TakenOverException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnsupportedException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecoveryTest {
  private record Row(HubException failure, Recovery whileOpening, Recovery whenItEndsASession) {}

  private static List<Row> table(Progress progress) {
    return List.of(
        new Row(
            new ThrottledException("slow", progress, Duration.ofSeconds(1)),
            WAIT_THEN_SAME_ROUTE,
            WAIT_THEN_SAME_ROUTE),
        new Row(new TakenOverException("second", progress), GIVE_WAY, GIVE_WAY),
        new Row(new UnauthorizedException("refused", progress), RENEW_CREDENTIAL, RENEW_CREDENTIAL),
        new Row(new RejectedException("no", progress), NEXT_ROUTE, WAIT_THEN_PLAN),
        new Row(new UnsupportedException("cannot"), NEXT_ROUTE, WAIT_THEN_PLAN),
        new Row(new ClientClosedException("closed", progress), NEXT_ROUTE, WAIT_THEN_PLAN),
        new Row(
            new UnreachableException("gone", UnreachableException.Stage.CONNECT, progress, null),
            NEXT_ROUTE,
            WAIT_THEN_PLAN));
  }

  @ParameterizedTest
  @EnumSource
  void followsTheTable(Progress progress) {
    assertThat(table(progress))
        .allSatisfy(
            row -> {
              assertThat(Recovery.after(row.failure, false)).isEqualTo(row.whileOpening);
              assertThat(Recovery.after(row.failure, true)).isEqualTo(row.whenItEndsASession);
            });
  }

  @ParameterizedTest
  @EnumSource
  void doesNotAskHowFarTheWayWasOpen(UnreachableException.Stage stage) {
    UnreachableException failure = new UnreachableException("gone", stage, Progress.NOT_SENT, null);

    assertThat(Recovery.after(failure, false)).isEqualTo(NEXT_ROUTE);
    assertThat(Recovery.after(failure, true)).isEqualTo(WAIT_THEN_PLAN);
  }

  @Test
  void hasARowForEveryFailure() {
    Set<Class<?>> seen = new HashSet<>();
    table(Progress.NOT_SENT).forEach(row -> seen.add(row.failure.getClass()));

    assertThat(seen).isEqualTo(Set.of(HubException.class.getPermittedSubclasses()));
  }
}
