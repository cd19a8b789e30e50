package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionState.Closed;
import dev.fairlead.threads.HeldExecutor;
import dev.fairlead.threads.ManualLoop;
import dev.fairlead.threads.SerialExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StateMailboxTest {
  private final HeldExecutor executor = new HeldExecutor();
  private final List<ConnectionState> heard = new ArrayList<>();
  private final StateMailbox mailbox =
      new StateMailbox(
          new SerialExecutor("states", executor, new ManualLoop()),
          List.of(
              state -> {
                throw new AssertionError("expected by the test");
              },
              heard::add));

  @Test
  void aSlowListenerGetsTheLastFewAndTheNewest() {
    List<ConnectionState> states = new ArrayList<>();
    for (int i = 0; i < 900; i++) {
      ConnectionState state = new ConnectionState.NotOpened();
      states.add(state);
      mailbox.changed(state);
    }
    ConnectionState closed = new Closed(Optional.empty());
    mailbox.changed(closed);

    executor.runAll();

    assertThat(heard).hasSize(StateMailbox.MOST);
    assertThat(heard.get(heard.size() - 1)).isSameAs(closed);
    mailbox.changed(states.get(0));
    executor.runAll();
    assertThat(heard).hasSize(StateMailbox.MOST + 1);
  }
}
