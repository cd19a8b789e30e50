package dev.fairlead.inbound;

import dev.fairlead.ConnectionState;
import dev.fairlead.ConnectionStateListener;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states that are queued for the listeners: the last {@value #MOST}, so the newest always
 * arrives, {@code Closed} included. It needs no loop, because the last state arrives when the loop
 * ends. Safe for any thread.
 */
final class StateMailbox {
  static final int MOST = 16;

  private static final Logger log = LoggerFactory.getLogger(StateMailbox.class);

  private final Executor executor;
  private final List<ConnectionStateListener> listeners;

  // Guarded by itself.
  private final ArrayDeque<ConnectionState> waiting = new ArrayDeque<>(1);

  StateMailbox(Executor executor, List<ConnectionStateListener> listeners) {
    this.executor = executor;
    this.listeners = listeners;
  }

  void changed(ConnectionState state) {
    if (listeners.isEmpty()) {
      return;
    }
    synchronized (waiting) {
      waiting.add(state);
      if (waiting.size() > MOST) {
        // Its task remains and takes the next one.
        log.debug("A listener of the connection's state is slow; it misses {}", waiting.remove());
        return;
      }
    }
    executor.execute(this::tell);
  }

  private void tell() {
    @Nullable ConnectionState state;
    synchronized (waiting) {
      state = waiting.poll();
    }
    if (state == null) {
      return;
    }
    for (ConnectionStateListener listener : listeners) {
      try {
        listener.onConnectionState(state);
      } catch (Throwable e) {
        log.error("A listener of the connection's state failed on {}", state, e);
      }
    }
  }
}
