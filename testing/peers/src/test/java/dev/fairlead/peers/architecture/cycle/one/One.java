package dev.fairlead.peers.architecture.cycle.one;

import dev.fairlead.peers.architecture.cycle.two.Two;

public interface One {
  Two two();
}
