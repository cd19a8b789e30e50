package dev.fairlead.localhub.fault;

import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import dev.fairlead.localhub.Faults;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The armed faults of a hub. Safe for use by several threads; costs one read if none is armed. */
public final class FaultPlan implements Faults {

  private final List<ArmedFault> armed = new CopyOnWriteArrayList<>();

  @Override
  public Armed add(Fault fault) {
    ArmedFault fresh = new ArmedFault(fault);
    armed.add(fresh);
    return fresh;
  }

  @Override
  public void clear() {
    armed.clear();
  }

  @Override
  public boolean isIdle() {
    return armed.isEmpty();
  }

  /**
   * An occasion for faults: answers the effect to apply, null for none.
   *
   * @param moment the moment
   * @param deviceId the device, null if it is not identified yet
   */
  public @Nullable Effect strike(Moment moment, @Nullable String deviceId) {
    return strike(moment, deviceId, List.of());
  }

  /**
   * The same, for telemetry whose bodies are available.
   *
   * @param bodies the bodies of messages that arrived together
   */
  public @Nullable Effect strike(Moment moment, @Nullable String deviceId, List<byte[]> bodies) {
    if (armed.isEmpty()) {
      return null;
    }
    Effect effect = null;
    for (ArmedFault candidate : armed) {
      if (candidate.concerns(moment, deviceId, bodies) && candidate.countOccasion(effect == null)) {
        effect = candidate.fault.effect();
      }
    }
    if (effect != null) {
      armed.removeIf(ArmedFault::isSpent);
    }
    return effect;
  }

  private final class ArmedFault implements Armed {
    private final Fault fault;
    private final AtomicInteger occasions = new AtomicInteger();
    private final AtomicInteger strikes = new AtomicInteger();

    ArmedFault(Fault fault) {
      this.fault = fault;
    }

    boolean concerns(Moment moment, @Nullable String deviceId, List<byte[]> bodies) {
      return fault.moment() == moment
          && fault.deviceId().map(id -> id.equals(deviceId)).orElse(true)
          && fault.text().map(text -> anySays(bodies, text)).orElse(true);
    }

    private static boolean anySays(List<byte[]> bodies, String text) {
      return bodies.stream()
          .anyMatch(body -> new String(body, StandardCharsets.UTF_8).contains(text));
    }

    /** Counts an occasion; answers whether this fault strikes at it. */
    synchronized boolean countOccasion(boolean mayStrike) {
      if (occasions.incrementAndGet() < fault.firstOccasion() || !mayStrike || isSpent()) {
        return false;
      }
      strikes.incrementAndGet();
      return true;
    }

    @Override
    public int strikes() {
      return strikes.get();
    }

    @Override
    public boolean isSpent() {
      return strikes.get() >= fault.strikes();
    }

    @Override
    public void remove() {
      armed.remove(this);
    }
  }
}
