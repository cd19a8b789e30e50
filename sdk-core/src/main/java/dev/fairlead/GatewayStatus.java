package dev.fairlead;

import java.util.List;

/**
 * A gateway in numbers. The status of each device is in {@link DeviceClient#state()} and {@link
 * DeviceClient#outbox()}.
 *
 * @param devices how many devices there are, from {@code build()} until they are closed
 * @param connected how many of them have a session with the hub
 * @param connections the open connections, including those that carry one device only
 * @param outbox all outboxes together; the totals count the devices that have left as well
 */
public record GatewayStatus(
    int devices, int connected, List<Connection> connections, OutboxStatus outbox) {
  /** Copies the list. */
  public GatewayStatus {
    connections = List.copyOf(connections);
  }

  /**
   * A connection to the hub.
   *
   * @param route its route
   * @param devices how many devices it carries, including those whose session is being opened
   */
  public record Connection(Route route, int devices) {}
}
