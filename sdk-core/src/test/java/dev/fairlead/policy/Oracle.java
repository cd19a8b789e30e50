package dev.fairlead.policy;

import dev.fairlead.Protocol;
import dev.fairlead.policy.TransportPlan.Verdict;
import dev.fairlead.policy.World.Axis;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The documented table, column by column: for each protocol by name, what excludes it. It shares
 * only the names of the codes with the planner.
 */
final class Oracle {
  private Oracle() {}

  static Set<ReasonCode> reasons(World world, Protocol protocol) {
    EnumSet<ReasonCode> reasons =
        switch (protocol) {
          case MQTT -> mqtt(world);
          case MQTT_WS -> mqttWs(world);
          case AMQP -> amqp(world);
          case AMQP_WS -> amqpWs(world);
          case HTTPS -> https(world);
        };
    // UPLOAD_HTTPS, SIZE and TIER apply to every protocol
    put(reasons, ReasonCode.UPLOAD_HTTPS, world.is(Axis.UPLOAD) && world.is(Axis.BLOCKED_443));
    put(reasons, ReasonCode.SIZE, world.is(Axis.SIZE));
    put(
        reasons,
        ReasonCode.TIER,
        world.is(Axis.TIER)
            && (world.is(Axis.METHODS)
                || world.is(Axis.TWIN)
                || world.is(Axis.CLOUD_MESSAGES)
                || world.is(Axis.ABANDON)
                || world.is(Axis.REJECT)));
    return reasons;
  }

  private static EnumSet<ReasonCode> mqtt(World world) {
    EnumSet<ReasonCode> reasons = eitherMqtt(world);
    put(reasons, ReasonCode.PORT_8883, world.is(Axis.BLOCKED_8883));
    put(reasons, ReasonCode.TRAVERSAL, world.is(Axis.ONLY_443) || world.is(Axis.PROXY));
    return reasons;
  }

  private static EnumSet<ReasonCode> mqttWs(World world) {
    EnumSet<ReasonCode> reasons = eitherMqtt(world);
    put(reasons, ReasonCode.PORT_443, world.is(Axis.BLOCKED_443));
    return reasons;
  }

  private static EnumSet<ReasonCode> eitherMqtt(World world) {
    EnumSet<ReasonCode> reasons = EnumSet.noneOf(ReasonCode.class);
    put(reasons, ReasonCode.MULTIPLEX, world.of(Axis.IDENTITIES) == 2);
    put(reasons, ReasonCode.MQTT_NO_REJECT, world.is(Axis.ABANDON) || world.is(Axis.REJECT));
    put(reasons, ReasonCode.MQTT_LIMITED, world.is(Axis.BROKER));
    put(reasons, ReasonCode.NOT_INSTALLED, world.is(Axis.NO_MQTT));
    return reasons;
  }

  private static EnumSet<ReasonCode> amqp(World world) {
    EnumSet<ReasonCode> reasons = eitherAmqp(world);
    put(reasons, ReasonCode.PORT_5671, world.is(Axis.BLOCKED_5671));
    put(reasons, ReasonCode.TRAVERSAL, world.is(Axis.ONLY_443) || world.is(Axis.PROXY));
    return reasons;
  }

  private static EnumSet<ReasonCode> amqpWs(World world) {
    EnumSet<ReasonCode> reasons = eitherAmqp(world);
    put(reasons, ReasonCode.PORT_443, world.is(Axis.BLOCKED_443));
    return reasons;
  }

  private static EnumSet<ReasonCode> eitherAmqp(World world) {
    EnumSet<ReasonCode> reasons = EnumSet.noneOf(ReasonCode.class);
    put(reasons, ReasonCode.LOW_RESOURCE, world.is(Axis.MEMORY));
    put(reasons, ReasonCode.NOT_INSTALLED, world.is(Axis.NO_AMQP));
    put(
        reasons,
        ReasonCode.X509_MULTIPLEX,
        world.is(Axis.CREDENTIAL) && world.of(Axis.IDENTITIES) == 2);
    return reasons;
  }

  private static EnumSet<ReasonCode> https(World world) {
    EnumSet<ReasonCode> reasons = EnumSet.noneOf(ReasonCode.class);
    put(reasons, ReasonCode.MULTIPLEX, world.of(Axis.IDENTITIES) == 2);
    put(reasons, ReasonCode.PORT_443, world.is(Axis.BLOCKED_443));
    put(reasons, ReasonCode.NO_PUSH_FEATURE, world.is(Axis.METHODS) || world.is(Axis.TWIN));
    put(reasons, ReasonCode.POLL_25MIN, world.of(Axis.LATENCY) == 1);
    put(reasons, ReasonCode.NOT_INSTALLED, world.is(Axis.NO_HTTPS));
    return reasons;
  }

  private static void put(Set<ReasonCode> reasons, ReasonCode code, boolean fires) {
    if (fires) {
      reasons.add(code);
    }
  }

  /** X509_CA_GA and X509_AMQP_WS: the hub may refuse the certificate there. */
  private static Set<ReasonCode> doubts(World world, Protocol protocol) {
    EnumSet<ReasonCode> doubts = EnumSet.noneOf(ReasonCode.class);
    boolean onPort443 = protocol != Protocol.MQTT && protocol != Protocol.AMQP;
    put(doubts, ReasonCode.X509_CA_GA, onPort443 && world.of(Axis.CREDENTIAL) == 2);
    put(doubts, ReasonCode.X509_AMQP_WS, protocol == Protocol.AMQP_WS && world.is(Axis.CREDENTIAL));
    return doubts;
  }

  /**
   * The documented order, what the hub may refuse last among what pushes, then the wishes, then
   * what failed lately.
   */
  static List<Protocol> order(World world) {
    List<Protocol> order = new ArrayList<>();
    order.add(Protocol.MQTT);
    order.add(Protocol.MQTT_WS);
    if (world.is(Axis.IDENTITIES)) {
      order.add(0, Protocol.AMQP);
      order.add(1, Protocol.AMQP_WS);
    } else {
      order.add(Protocol.AMQP);
      order.add(Protocol.AMQP_WS);
    }
    List.copyOf(order).stream()
        .filter(protocol -> !doubts(world, protocol).isEmpty())
        .forEach(protocol -> last(order, protocol));
    order.add(Protocol.HTTPS);
    switch (world.of(Axis.PREFER)) {
      case 1 -> first(order, Protocol.HTTPS);
      case 2 -> {
        first(order, Protocol.HTTPS);
        first(order, Protocol.AMQP_WS);
      }
      default -> {}
    }
    if (world.is(Axis.COMPACT)) {
      last(order, Protocol.HTTPS);
    }
    switch (world.of(Axis.POSTPONED)) {
      case 1 -> last(order, Protocol.MQTT);
      case 2 -> {
        boolean amqpBefore = order.indexOf(Protocol.AMQP) < order.indexOf(Protocol.MQTT_WS);
        last(order, amqpBefore ? Protocol.AMQP : Protocol.MQTT_WS);
        last(order, amqpBefore ? Protocol.MQTT_WS : Protocol.AMQP);
      }
      default -> {}
    }
    order.removeIf(protocol -> !reasons(world, protocol).isEmpty());
    return order;
  }

  private static void first(List<Protocol> order, Protocol protocol) {
    order.remove(protocol);
    order.add(0, protocol);
  }

  private static void last(List<Protocol> order, Protocol protocol) {
    order.remove(protocol);
    order.add(protocol);
  }

  static Verdict verdict(World world, Protocol protocol, List<Protocol> order) {
    if (protocol != Protocol.HTTPS) {
      boolean best =
          order.stream().filter(any -> any != Protocol.HTTPS).findFirst().get() == protocol;
      return best ? Verdict.RECOMMENDED : Verdict.ALTERNATIVE;
    }
    if (order.size() == 1) {
      return Verdict.RECOMMENDED;
    }
    boolean wantsPush = world.of(Axis.LATENCY) == 1 || world.of(Axis.LATENCY) == 2;
    return world.is(Axis.RARELY) && !wantsPush ? Verdict.ACCEPTABLE : Verdict.LAST_RESORT;
  }

  /** The codes of the notes on a route that is left. */
  static Set<ReasonCode> notes(World world, Protocol protocol) {
    EnumSet<ReasonCode> notes = EnumSet.noneOf(ReasonCode.class);
    boolean amqp = protocol == Protocol.AMQP || protocol == Protocol.AMQP_WS;
    boolean gateway = world.is(Axis.IDENTITIES);
    put(notes, ReasonCode.ONE_PER_CONNECTION, gateway && !amqp);
    put(notes, ReasonCode.X509_MULTIPLEX, gateway && amqp && world.is(Axis.CREDENTIAL));
    notes.addAll(doubts(world, protocol));
    put(notes, ReasonCode.POLL_25MIN, protocol == Protocol.HTTPS);
    put(
        notes,
        ReasonCode.LAST_RESORT,
        protocol == Protocol.HTTPS
            && verdict(world, protocol, order(world)) == Verdict.LAST_RESORT
            && pushIsWishedBefore(world));
    put(
        notes,
        ReasonCode.POSTPONED,
        switch (world.of(Axis.POSTPONED)) {
          case 1 -> protocol == Protocol.MQTT;
          case 2 -> protocol == Protocol.MQTT_WS || protocol == Protocol.AMQP;
          default -> false;
        });
    return notes;
  }

  /** Whether a wish for HTTPS does not put it before everything that pushes and is left. */
  private static boolean pushIsWishedBefore(World world) {
    return switch (world.is(Axis.COMPACT) ? 0 : world.of(Axis.PREFER)) {
      case 1 -> false;
      case 2 -> order(world).contains(Protocol.AMQP_WS);
      default -> true;
    };
  }

  /** The outbound ports of what is left. */
  static Set<Integer> ports(World world, List<Protocol> order) {
    Set<Integer> ports = new TreeSet<>();
    for (Protocol protocol : order) {
      ports.add(protocol == Protocol.MQTT ? 8883 : protocol == Protocol.AMQP ? 5671 : 443);
    }
    if (world.is(Axis.UPLOAD) && !order.isEmpty()) {
      ports.add(443);
    }
    return ports;
  }
}
