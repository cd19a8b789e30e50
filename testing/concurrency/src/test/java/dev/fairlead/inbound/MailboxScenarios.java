package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Carrier;
import dev.fairlead.ConnectionState;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.StoredOutcome;
import dev.fairlead.concurrency.Scenario;
import dev.fairlead.concurrency.SteppedLoop;
import dev.fairlead.concurrency.SteppedTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Queues of what the application is notified of. */
public final class MailboxScenarios {
  private MailboxScenarios() {}

  /** More states than the mailbox keeps: in order, and the newest always arrives. */
  public static final class States implements Scenario {
    private static final int COUNT = StateMailbox.MOST + 2;

    private final List<ConnectionState> states = new ArrayList<>();
    private final List<ConnectionState> received = new ArrayList<>();
    private final StateMailbox mailbox =
        new StateMailbox(new SteppedLoop(new SteppedTime()), List.of(received::add));

    public States() {
      Route via = new Route(Protocol.MQTT, Carrier.TCP, 8883);
      for (int i = 1; i <= COUNT; i++) {
        states.add(new ConnectionState.Connecting(via, i));
      }
    }

    @Override
    public List<Runnable> threads() {
      return List.of(() -> states.forEach(mailbox::changed));
    }

    @Override
    public void check() {
      assertThat(received.get(received.size() - 1)).isEqualTo(states.get(COUNT - 1));
      assertThat(received).isEqualTo(states.stream().filter(received::contains).toList());
    }
  }

  /** Two threads add outcomes while a slow listener takes them. */
  public static final class StoredOutcomes implements Scenario {
    private final List<Long> received = new ArrayList<>();
    private final OutcomeMailbox mailbox =
        new OutcomeMailbox(
            new SteppedLoop(new SteppedTime()),
            outcome -> received.add(outcome.number()),
            new FailureLog(new SteppedLoop(new SteppedTime())));
    private final List<Integer> receivedWhenPassedOn = new ArrayList<>();

    @Override
    public List<Runnable> threads() {
      return List.of(this::addTwo, () -> add(3));
    }

    private void addTwo() {
      add(1);
      add(2);
      mailbox.whenPassedOn(() -> receivedWhenPassedOn.add(received.size()));
    }

    private void add(long number) {
      mailbox.add(new StoredOutcome(number, Optional.empty(), Optional.empty(), Optional.empty()));
    }

    @Override
    public void check() {
      assertThat(received).containsExactlyInAnyOrder(1L, 2L, 3L).containsSubsequence(1L, 2L);
      assertThat(receivedWhenPassedOn).hasSize(1).allMatch(count -> count >= 2);
    }
  }
}
