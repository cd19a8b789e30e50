package dev.fairlead;

/** Whether a failed operation may nevertheless have reached the hub. */
public enum Progress {
  /** No byte of it left this process: sending it again cannot duplicate it. */
  NOT_SENT,
  /** It may have arrived: sending it again may duplicate it. */
  MAYBE_SENT
}
