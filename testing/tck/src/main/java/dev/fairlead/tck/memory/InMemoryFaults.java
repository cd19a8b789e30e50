package dev.fairlead.tck.memory;

import dev.fairlead.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The armed faults. If several could strike at one occasion, the one added first does; the occasion
 * counts for all of them. Safe for any thread.
 */
public final class InMemoryFaults {
  private final List<Armed> armed = new ArrayList<>();

  InMemoryFaults() {}

  /**
   * Arms a fault.
   *
   * @param fault the fault; its occasions count from now
   * @return counts how often it has struck
   */
  public synchronized IntSupplier add(InMemoryFault fault) {
    Armed added = new Armed(fault);
    armed.add(added);
    return () -> strikesOf(added);
  }

  private synchronized int strikesOf(Armed fault) {
    return fault.strikes;
  }

  /** Disarms all faults. Their effects remain. */
  public synchronized void clear() {
    armed.clear();
  }

  Optional<InMemoryFault.Effect> strike(InMemoryFault.Point point, Route route) {
    return strike(point, route, null);
  }

  synchronized Optional<InMemoryFault.Effect> strike(
      InMemoryFault.Point point, Route route, @Nullable String body) {
    Optional<InMemoryFault.Effect> struck = Optional.empty();
    for (Armed each : armed) {
      if (each.fault.concerns(point, route, body)) {
        each.occasions++;
        if (struck.isEmpty()) {
          struck = each.fault.at(each.occasions);
          if (struck.isPresent()) {
            each.strikes++;
          }
        }
      }
    }
    return struck;
  }

  private static final class Armed {
    private final InMemoryFault fault;
    private long occasions;
    private int strikes;

    Armed(InMemoryFault fault) {
      this.fault = fault;
    }
  }
}
