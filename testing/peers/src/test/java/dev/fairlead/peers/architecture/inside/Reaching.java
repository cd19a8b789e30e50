package dev.fairlead.peers.architecture.inside;

import dev.fairlead.peers.architecture.inside.below.Hidden;

public interface Reaching {
  Hidden hidden();
}
