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
 * Carries out telemetry that commands a fault, as tests of device SDKs send it. Over HTTPS a
 * commanded refusal answers the request that commands it, and its message is not stored.
 */
final class FaultCommands {

  private static final Logger LOG = LoggerFactory.getLogger(FaultCommands.class);
  private static final String COMMANDED = "The message commanded this fault.";

  private final HubTime time;
  private final FaultyConnection faulty;
  private final EventLoop loop;

  FaultCommands(HubTime time, FaultyConnection faulty, EventLoop loop) {
    this.time = time;
    this.faulty = faulty;
    this.loop = loop;
  }

  /**
   * Looks for a command among the application properties of a message.
   *
   * @throws LocalHubException if the message commands a refusal
   */
  void run(Map<String, String> properties) {
    FaultMessage order = FaultMessage.of(properties).orElse(null);
    if (order == null) {
      return;
    }
    LOG.info("Fault {} commanded, in {}.", order.operation(), order.delay());
    switch (order.operation()) {
      case "KillTcp" ->
          time.schedule(order.delay(), () -> loop.execute(() -> faulty.apply(new Effect.Reset())));
      case "InvokeThrottling" -> throw new LocalHubException(429001, COMMANDED);
      case "InvokeMaxMessageQuota" -> throw new LocalHubException(403002, COMMANDED);
      case "InvokeAuthError" -> throw new LocalHubException(401003, COMMANDED);
      default ->
          LOG.info(
              "The commanded fault {} does not exist on HTTPS; nothing is done.",
              order.operation());
    }
  }
}
