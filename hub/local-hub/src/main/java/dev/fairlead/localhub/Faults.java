package dev.fairlead.localhub;

/** The faults that wait for their moment. Safe for use by several threads. */
public interface Faults {

  /**
   * Arms a fault. Of several that could strike at one occasion, the one added first does; the
   * occasion counts for all.
   */
  Armed add(Fault fault);

  /** Disarms all faults. What they did to connections stays done. */
  void clear();

  /** Whether none is armed. */
  boolean isIdle();

  /** A fault that was added. */
  interface Armed {
    /** How often it has struck. */
    int strikes();

    /** Whether it has struck as often as it was asked to. */
    boolean isSpent();

    /** Disarms it. */
    void remove();
  }
}
