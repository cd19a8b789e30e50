package dev.fairlead.peers.architecture.inside.below;

import dev.fairlead.peers.architecture.inside.Reaching;

public interface Hidden {
  Reaching user();
}
