package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.AmqpPart;
import dev.fairlead.localhub.Fault;
import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Faults;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultMessage;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.transport.ConnectionError;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.LinkError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out fault commands, as tests of device SDKs send them in telemetry. The message itself is
 * stored like any other; the fault strikes after its delay.
 */
final class FaultCommands {

  private static final Logger LOG = LoggerFactory.getLogger(FaultCommands.class);
  private static final int BY_FAULT_INJECTION = 400029;

  private final HubAmqpConnection connection;
  private final AmqpDevice device;

  FaultCommands(HubAmqpConnection connection, AmqpDevice device) {
    this.connection = connection;
    this.device = device;
  }

  /** Schedules a fault. Any thread. */
  void run(FaultMessage order) {
    LOG.info(
        "{}: fault {} commanded, in {} for {}.",
        device.id(),
        order.operation(),
        order.delay(),
        order.duration());
    switch (order.operation()) {
      case "KillTcp" -> later(order, () -> connection.apply(new Effect.Reset()));
      case "KillAmqpConnection", "ShutDownAmqp" -> later(order, AmqpPart.CONNECTION);
      case "KillAmqpSession" -> later(order, AmqpPart.SESSION);
      case "KillAmqpCBSLinkReq" -> later(order, AmqpPart.CBS_REQUESTS);
      case "KillAmqpCBSLinkResp" -> later(order, AmqpPart.CBS_ANSWERS);
      case "KillAmqpD2CLink" -> later(order, AmqpPart.TELEMETRY);
      case "KillAmqpC2DLink" -> later(order, AmqpPart.CLOUD_MESSAGES);
      case "KillAmqpTwinLinkReq" -> later(order, AmqpPart.TWIN_REQUESTS);
      case "KillAmqpTwinLinkResp" -> later(order, AmqpPart.TWIN_ANSWERS);
      case "KillAmqpMethodReqLink" -> later(order, AmqpPart.METHOD_CALLS);
      case "KillAmqpMethodRespLink" -> later(order, AmqpPart.METHOD_ANSWERS);
      case "InvokeThrottling" -> refuseTelemetry(order, 429001);
      case "InvokeMaxMessageQuota" -> refuseTelemetry(order, 403002);
      case "InvokeAuthError" -> refuseTelemetry(order, 401002);
      default ->
          LOG.info(
              "{}: the commanded fault {} does not exist on AMQP; nothing is done.",
              device.id(),
              order.operation());
    }
  }

  private void later(FaultMessage order, AmqpPart part) {
    later(order, () -> end(part));
  }

  private void later(FaultMessage order, Runnable fault) {
    connection.hub().time().schedule(order.delay(), () -> connection.onLoop(fault));
  }

  /** Ends a part of the connection now, if it exists. */
  void end(AmqpPart part) {
    switch (part) {
      case CONNECTION -> connection.fail(condition(ConnectionError.CONNECTION_FORCED));
      case SESSION -> device.endSession(condition(LinkError.DETACH_FORCED));
      case CBS_REQUESTS, CBS_ANSWERS ->
          device.linkTable().cbs().detach(part, condition(LinkError.DETACH_FORCED));
      default -> device.detach(part, condition(LinkError.DETACH_FORCED));
    }
  }

  private ErrorCondition condition(Symbol name) {
    return connection.conditions().of(name, BY_FAULT_INJECTION, "A fault was injected.");
  }

  private void refuseTelemetry(FaultMessage order, int code) {
    HubCore hub = connection.hub();
    hub.time()
        .schedule(
            order.delay(),
            () -> {
              Faults.Armed armed =
                  hub.faults().add(Fault.reject(code).device(device.id().device()).always());
              hub.time().schedule(order.duration(), armed::remove);
            });
  }
}
