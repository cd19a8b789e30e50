package dev.fairlead;

/** Whether what failed may have reached the hub all the same. */
public enum Progress {
  /** No byte of it left this process: sending it again cannot duplicate it. */
  NOT_SENT,
  /** It may have arrived: sending it again may duplicate it. */
  MAYBE_SENT
}
