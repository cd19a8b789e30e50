package dev.fairlead;

/**
 * Receives the desired properties: all of them once after the first connection, then every change.
 * What changed while the device was offline, or while the handler was busy, comes in one change.
 * One at a time, in order, on the client's callback executor. If it throws, that is logged.
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
