package dev.fairlead;

import java.util.List;

/**
 * A gateway in numbers. What each device says of itself is in {@link DeviceClient#state()} and
 * {@link DeviceClient#outbox()}.
 *
 * @param devices how many devices there are, from {@code build()} until they are closed
 * @param connected how many of them have a session with the hub
 * @param connections the connections that stand, those included that carry one device only
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
   * @param devices how many devices it carries, those included whose session is being opened
   */
  public record Connection(Route route, int devices) {}
}
