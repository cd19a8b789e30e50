package dev.fairlead.localhub.mqtt;

import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.fault.FaultyConnection;
import dev.fairlead.localhub.registry.IdentityId;
import io.netty.channel.EventLoop;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out telemetry that commands a fault, as tests of device SDKs send it. The message itself
 * is stored like any other; the fault strikes after its delay.
 */
final class FaultCommands {

  private static final Logger LOG = LoggerFactory.getLogger(FaultCommands.class);

  private final HubCore hub;
  private final IdentityId id;
  private final FaultyConnection faulty;
  private final EventLoop loop;

  FaultCommands(HubCore hub, IdentityId id, FaultyConnection faulty, EventLoop loop) {
    this.hub = hub;
    this.id = id;
    this.faulty = faulty;
    this.loop = loop;
  }

  /** Schedules a fault. Any thread. */
  void run(FaultMessage order) {
    LOG.info(
        "{}: fault {} commanded, in {} for {}.",
        id,
        order.operation(),
        order.delay(),
        order.duration());
    switch (order.operation()) {
      case "KillTcp" -> later(order, new Effect.Reset());
      case "ShutDownMqtt" -> later(order, new Effect.Drop());
      case "InvokeThrottling", "InvokeMaxMessageQuota", "InvokeAuthError" ->
          hub.time().schedule(order.delay(), () -> refuseTelemetry(order));
      default ->
          LOG.info(
              "{}: the commanded fault {} does not exist on MQTT; nothing is done.",
              id,
              order.operation());
    }
  }

  private void later(FaultMessage order, Effect effect) {
    hub.time().schedule(order.delay(), () -> loop.execute(() -> faulty.apply(effect)));
  }

  /**
   * On MQTT throttling, quota and authorisation faults have the same effect: each publish ends the
   * connection.
   */
  private void refuseTelemetry(FaultMessage order) {
    Faults.Armed armed = hub.faults().add(Fault.drop().beforeStore().device(id.device()).always());
    hub.time().schedule(order.duration(), armed::remove);
  }
}
