package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Protocol;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPolicy.BrokerFeature;
import dev.fairlead.policy.TransportPolicy.Flag;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Everything given to one planning, each fact in words. A fact is present if it was given; the
 * rules combine present facts with what an offer declares.
 */
record Facts(TransportPolicy policy, Set<Capability> needs, Set<Protocol> installed) {
  /** No device may ask for cloud-to-device messages more often. */
  static final Duration POLL_INTERVAL = Duration.ofMinutes(25);

  /** Messages above it are refused. Quotas and throttling page. */
  static final long MESSAGE_LIMIT = 256 * 1024;

  private static final Fact ONLY_443 =
      new Fact("only outbound port 443 is open", "open another of the hub's ports");
  private static final Fact PROXY =
      new Fact("an HTTP proxy is mandatory", "allow a direct connection");
  private static final Fact UPLOAD =
      new Fact("files are to be uploaded", "send messages instead of files");
  private static final Fact BASIC =
      new Fact("the hub is of the basic tier", "use a hub of the standard tier");

  Optional<Fact> sharing() {
    return when(Flag.SHARED_CONNECTION)
        ? Optional.of(
            new Fact(
                policy.identities() + " identities must share one TLS connection",
                "let every identity have a connection of its own"))
        : Optional.empty();
  }

  Optional<Fact> blocked(int port) {
    return policy.blockedPorts().contains(port)
        ? Optional.of(
            new Fact("outbound port " + port + " is blocked", "open outbound port " + port))
        : Optional.empty();
  }

  Optional<Fact> onlyPort443() {
    return present(Flag.ONLY_PORT_443, ONLY_443);
  }

  Optional<Fact> proxy() {
    return present(Flag.PROXY_REQUIRED, PROXY);
  }

  Optional<Fact> need(Capability capability) {
    return needs.contains(capability)
        ? Optional.of(new Fact(subject(capability) + " needed", "do without " + noun(capability)))
        : Optional.empty();
  }

  /** Cloud-to-device messages are wanted sooner than a poll may bring them. */
  Optional<Fact> impatience() {
    return policy
        .cloudMessageLatency()
        .filter(tolerated -> !policy.developmentMode() && tolerated.compareTo(POLL_INTERVAL) < 0)
        .map(
            tolerated ->
                new Fact(
                    "cloud-to-device messages may take at most " + text(tolerated),
                    "tolerate 25 minutes, or turn on development mode at a desk"));
  }

  Optional<Fact> littleMemory() {
    return policy.memoryBudget().isPresent()
            && policy.memoryBudget().getAsLong() < policy.lowMemoryThreshold()
        ? Optional.of(
            new Fact(
                "the client may take "
                    + policy.memoryBudget().getAsLong()
                    + " bytes of memory, under the threshold of "
                    + policy.lowMemoryThreshold(),
                "give the client more memory, or lower the threshold after measuring"))
        : Optional.empty();
  }

  Optional<Fact> certificate() {
    return policy
        .credentialKind()
        .filter(kind -> kind != CredentialKind.SHARED_ACCESS)
        .map(
            kind ->
                new Fact(
                    kind == CredentialKind.X509_CA
                        ? "the credentials are X.509 CA certificates"
                        : "the credentials are X.509 certificates known by thumbprint",
                    "use shared access keys"));
  }

  Optional<Fact> caCertificateOutsidePreview() {
    return policy.credentialKind().filter(kind -> kind == CredentialKind.X509_CA).isPresent()
            && !when(Flag.X509_CA_PREVIEW)
        ? certificate()
        : Optional.empty();
  }

  Optional<Fact> upload() {
    return present(Flag.FILE_UPLOAD, UPLOAD);
  }

  Optional<Fact> brokerFeatures() {
    return policy.brokerFeatures().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fact(
                policy.brokerFeatures().stream()
                        .map(Facts::name)
                        .collect(Collectors.joining(" and "))
                    + " are wanted",
                "use QoS 1, the twin and message properties instead, or a general MQTT broker"));
  }

  Optional<Fact> oversize() {
    return policy.largestMessage() > MESSAGE_LIMIT
        ? Optional.of(
            new Fact(
                "one message has " + policy.largestMessage() + " bytes",
                "upload it as a file, or split or compress it"))
        : Optional.empty();
  }

  Optional<Fact> basicTier() {
    return present(Flag.BASIC_TIER, BASIC);
  }

  Optional<Fact> unwanted(Protocol protocol) {
    return unwantedOthers().filter(fact -> !policy.only().contains(protocol));
  }

  private Optional<Fact> unwantedOthers() {
    return policy.only().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fact("only " + names(policy.only()) + " may be used", "allow other protocols"));
  }

  Optional<Fact> missing(Protocol protocol) {
    if (installed.contains(protocol)) {
      return Optional.empty();
    }
    String artifact = Documented.artifact(protocol);
    return Optional.of(new Fact(artifact + " is not installed", "add " + artifact));
  }

  boolean gateway() {
    return policy.identities() > 1;
  }

  /** Every given fact that can rule out a route, in the order of the rule table. */
  List<Fact> all() {
    List<Optional<Fact>> all = new ArrayList<>();
    all.add(sharing());
    policy.blockedPorts().forEach(port -> all.add(blocked(port)));
    all.add(onlyPort443());
    all.add(proxy());
    needs.forEach(capability -> all.add(need(capability)));
    all.add(impatience());
    all.add(littleMemory());
    all.add(certificate());
    Documented.ROUTES.forEach(offer -> all.add(missing(offer.route().protocol())));
    all.add(upload());
    all.add(brokerFeatures());
    all.add(oversize());
    all.add(basicTier());
    all.add(unwantedOthers());
    return all.stream().flatMap(Optional::stream).distinct().toList();
  }

  /** Every given fact in words, those that only order or relax too; not what is missing. */
  List<String> given() {
    List<String> given = new ArrayList<>();
    if (!when(Flag.SHARED_CONNECTION)) {
      given.add(policy.identities() == 1 ? "one identity" : policy.identities() + " identities");
    }
    new Facts(policy, needs, EnumSet.allOf(Protocol.class))
        .all()
        .forEach(fact -> given.add(fact.statement()));
    say(given, Flag.X509_CA_PREVIEW, "the hub is in preview mode for X.509 CA");
    say(given, Flag.DEVELOPMENT, "development mode is on");
    say(given, Flag.RARELY_CONNECTED, "the device connects rarely");
    say(given, Flag.COMPACT_PAYLOADS, "compact payloads are wanted");
    if (!policy.preferred().isEmpty()) {
      given.add("preferred: " + names(policy.preferred()));
    }
    return given;
  }

  /** A capability as the subject of a clause. */
  private static String subject(Capability capability) {
    return noun(capability) + (capability == Capability.TWIN ? " is" : " are");
  }

  static String noun(Capability capability) {
    return switch (capability) {
      case TELEMETRY -> "telemetry messages";
      case CLOUD_MESSAGES -> "cloud-to-device messages";
      case ABANDON -> "abandoned messages";
      case REJECT -> "rejected messages";
      case TWIN -> "the twin";
      case DIRECT_METHODS -> "direct methods";
    };
  }

  private static String name(BrokerFeature feature) {
    return switch (feature) {
      case QOS_2 -> "QoS 2";
      case RETAINED_MESSAGES -> "retained messages";
      case FREE_TOPICS -> "free topics";
    };
  }

  private static String names(Collection<Protocol> protocols) {
    return protocols.stream().map(Protocol::name).collect(Collectors.joining(", "));
  }

  private static String text(Duration duration) {
    return duration.toMinutes() > 0 && duration.toSecondsPart() == 0
        ? duration.toMinutes() + " min"
        : duration.toSeconds() + " s";
  }

  private void say(List<String> given, Flag flag, String words) {
    if (when(flag)) {
      given.add(words);
    }
  }

  private boolean when(Flag flag) {
    return policy.has(flag);
  }

  private Optional<Fact> present(Flag flag, Fact fact) {
    return when(flag) ? Optional.of(fact) : Optional.empty();
  }
}
