package dev.fairlead.localhub;

/** The armed faults. Safe for use by several threads. */
public interface Faults {

  /**
   * Arms a fault. If several could strike at one occasion, the one added first does; the occasion
   * counts for all of them.
   */
  Armed add(Fault fault);

  /** Disarms all faults. Their effects on connections remain. */
  void clear();

  /** Whether no fault is armed. */
  boolean isIdle();

  /** A fault that was added. */
  interface Armed {
    /** How often the fault has struck. */
    int strikes();

    /** Whether the fault has struck as often as it was set to. */
    boolean isSpent();

    /** Disarms the fault. */
    void remove();
  }
}
