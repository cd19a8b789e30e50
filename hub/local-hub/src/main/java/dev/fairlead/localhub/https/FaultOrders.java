package dev.fairlead.localhub.https;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.channel.EventLoop;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Obeys telemetry that asks for a fault, as tests of device SDKs send it. Over HTTP a refusal shows
 * on the request that asks for it, which is not stored then.
 */
final class FaultOrders {

  private static final Logger LOG = LoggerFactory.getLogger(FaultOrders.class);
  private static final String ASKED_FOR = "This message has asked for this answer.";

  private final HubTime time;
  private final FaultyConnection wire;
  private final EventLoop loop;

  FaultOrders(HubTime time, FaultyConnection wire, EventLoop loop) {
    this.time = time;
    this.wire = wire;
    this.loop = loop;
  }

  /**
   * Looks for an order among the application properties of a message.
   *
   * @throws LocalHubException if it asks to be refused
   */
  void obey(Map<String, String> properties) {
    FaultMessage order = FaultMessage.of(properties).orElse(null);
    if (order == null) {
      return;
    }
    LOG.info("A message asks for the fault {} in {}.", order.operation(), order.delay());
    switch (order.operation()) {
      case "KillTcp" ->
          time.schedule(order.delay(), () -> loop.execute(() -> wire.inflict(new Effect.Reset())));
      case "InvokeThrottling" -> throw new LocalHubException(429001, ASKED_FOR);
      case "InvokeMaxMessageQuota" -> throw new LocalHubException(403002, ASKED_FOR);
      case "InvokeAuthError" -> throw new LocalHubException(401003, ASKED_FOR);
      default -> LOG.info("HTTPS has no fault {}.", order.operation());
    }
  }
}
