package dev.fairlead.peers.architecture.cycle.two;

import dev.fairlead.peers.architecture.cycle.one.One;

public interface Two {
  One one();
}
