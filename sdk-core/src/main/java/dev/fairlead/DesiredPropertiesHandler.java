package dev.fairlead;

/**
 * Hears of the desired properties: of all of them once after the first connection, then of every
 * change, and after a time offline of what was missed, in one change. One at a time, in order, on
 * the client's callback executor. If it throws, that is logged.
 */
@FunctionalInterface
public interface DesiredPropertiesHandler {
  /**
   * Takes a change.
   *
   * @param change the change
   * @throws Exception any; it is logged
   */
  void onDesiredProperties(DesiredChange change) throws Exception;
}
