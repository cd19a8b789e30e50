package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Protocol;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPolicy.BrokerFeature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything given to one planning, each fact in words. A fact is present if it was given; the
 * rules combine present facts with what an offer declares.
 */
final class Facts {
  /** No device may ask for cloud-to-device messages more often. */
  static final Duration POLL_INTERVAL = Duration.ofMinutes(25);

  /** Messages above it are refused. Quotas and throttling page. */
  static final long MESSAGE_LIMIT = 256 * 1024;

  private final TransportPolicy policy;
  private final Set<Capability> needs;
  private final Optional<Fact> sharing;
  private final Map<Integer, Fact> blocked = new TreeMap<>();
  private final Optional<Fact> onlyPort443;
  private final Optional<Fact> proxy;
  private final Map<Capability, Fact> needed = new EnumMap<>(Capability.class);
  private final Optional<Fact> impatience;
  private final Optional<Fact> littleMemory;
  private final Optional<Fact> certificate;
  private final Map<Protocol, Fact> missing = new EnumMap<>(Protocol.class);
  private final Set<String> artifacts = new HashSet<>();
  private final Optional<Fact> upload;
  private final Optional<Fact> brokerFeatures;
  private final Optional<Fact> oversize;
  private final Optional<Fact> basicTier;
  private final Optional<Fact> restriction;

  Facts(TransportPolicy policy, Set<Capability> needs, Set<Protocol> installed) {
    this.policy = policy;
    this.needs = needs;
    sharing = sharing(policy);
    for (int port : policy.blockedPorts()) {
      blocked.put(
          port, new Fact("outbound port " + port + " is blocked", "open outbound port " + port));
    }
    onlyPort443 =
        flag(
            Flag.ONLY_PORT_443,
            "only outbound port 443 is open",
            "open another of the hub's ports");
    proxy = flag(Flag.PROXY_REQUIRED, "an HTTP proxy is mandatory", "allow a direct connection");
    for (Capability need : needs) {
      needed.put(need, new Fact(subject(need) + " needed", "do without " + noun(need)));
    }
    impatience = impatience(policy);
    littleMemory = littleMemory(policy);
    certificate = certificate(policy);
    installed.forEach(protocol -> artifacts.add(Documented.artifact(protocol)));
    for (Protocol protocol : EnumSet.complementOf(copy(installed))) {
      String artifact = Documented.artifact(protocol);
      missing.put(
          protocol,
          artifacts.contains(artifact)
              ? new Fact(
                  "this version of " + artifact + " does not offer " + protocol,
                  "use a version of " + artifact + " that offers " + protocol)
              : new Fact(artifact + " is not installed", "add " + artifact));
    }
    upload = flag(Flag.FILE_UPLOAD, "files are to be uploaded", "send messages instead of files");
    brokerFeatures = brokerFeatures(policy);
    oversize = oversize(policy);
    basicTier =
        flag(Flag.BASIC_TIER, "the hub is of the basic tier", "use a hub of the standard tier");
    restriction = restriction(policy);
  }

  TransportPolicy policy() {
    return policy;
  }

  Set<Capability> needs() {
    return needs;
  }

  /** More than one identity: a gateway in the sense of the guide. */
  boolean gateway() {
    return policy.identities() > 1;
  }

  Optional<Fact> sharing() {
    return sharing;
  }

  Optional<Fact> blocked(int port) {
    return Optional.ofNullable(blocked.get(port));
  }

  Optional<Fact> onlyPort443() {
    return onlyPort443;
  }

  Optional<Fact> proxy() {
    return proxy;
  }

  Optional<Fact> need(Capability capability) {
    return Optional.ofNullable(needed.get(capability));
  }

  /** Cloud-to-device messages are wanted sooner than polling can deliver them. */
  Optional<Fact> impatience() {
    return impatience;
  }

  Optional<Fact> littleMemory() {
    return littleMemory;
  }

  /** X.509 credentials of either kind. */
  Optional<Fact> certificate() {
    return certificate;
  }

  Optional<Fact> caCertificateOutsidePreview() {
    return policy.has(Flag.X509_CA_PREVIEW)
        ? Optional.empty()
        : certificate.filter(
            fact -> policy.credentialKind().equals(Optional.of(CredentialKind.X509_CA)));
  }

  Optional<Fact> upload() {
    return upload;
  }

  Optional<Fact> brokerFeatures() {
    return brokerFeatures;
  }

  Optional<Fact> oversize() {
    return oversize;
  }

  Optional<Fact> basicTier() {
    return basicTier;
  }

  /** The application left this protocol out. */
  Optional<Fact> unwanted(Protocol protocol) {
    return restriction.filter(fact -> !policy.only().contains(protocol));
  }

  /** No transport at hand offers this protocol. */
  String whyMissing(Protocol protocol) {
    String artifact = Documented.artifact(protocol);
    return artifacts.contains(artifact)
        ? "This version of " + artifact + " does not offer it."
        : "Not on the class path: add " + artifact + ".";
  }

  Optional<Fact> missing(Protocol protocol) {
    return Optional.ofNullable(missing.get(protocol));
  }

  /** Every fact that can rule out a route, in the order of the rule table. */
  List<Fact> all() {
    return Stream.concat(stated(), missing.values().stream()).distinct().toList();
  }

  /** The facts of the policy and the handlers, in words, without those that are missing. */
  List<String> given() {
    List<String> given = new ArrayList<>();
    if (sharing.isEmpty()) {
      given.add(gateway() ? policy.identities() + " identities" : "one identity");
    }
    stated().forEach(fact -> given.add(fact.statement()));
    say(given, Flag.X509_CA_PREVIEW, "the hub takes X.509 CA credentials on every route");
    say(given, Flag.DEVELOPMENT, "development mode is on");
    say(given, Flag.RARELY_CONNECTED, "the device connects rarely");
    say(given, Flag.COMPACT_PAYLOADS, "compact payloads are wanted");
    if (!policy.preferred().isEmpty()) {
      given.add("preferred: " + names(policy.preferred()));
    }
    return given;
  }

  private Stream<Fact> stated() {
    return Stream.of(
            sharing.stream(),
            blocked.values().stream(),
            onlyPort443.stream(),
            proxy.stream(),
            needed.values().stream(),
            impatience.stream(),
            littleMemory.stream(),
            certificate.stream(),
            upload.stream(),
            brokerFeatures.stream(),
            oversize.stream(),
            basicTier.stream(),
            restriction.stream())
        .flatMap(facts -> facts);
  }

  private static Optional<Fact> sharing(TransportPolicy policy) {
    return policy.has(Flag.SHARED_CONNECTION)
        ? Optional.of(
            new Fact(
                policy.identities() + " identities must share one TLS connection",
                "let every identity have a connection of its own"))
        : Optional.empty();
  }

  private static Optional<Fact> impatience(TransportPolicy policy) {
    return policy
        .cloudMessageLatency()
        .filter(tolerated -> !policy.developmentMode() && tolerated.compareTo(POLL_INTERVAL) < 0)
        .map(
            tolerated ->
                new Fact(
                    "cloud-to-device messages may take at most " + text(tolerated),
                    "tolerate 25 minutes, or turn on development mode at a desk"));
  }

  private static Optional<Fact> littleMemory(TransportPolicy policy) {
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

  private static Optional<Fact> certificate(TransportPolicy policy) {
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

  private static Optional<Fact> brokerFeatures(TransportPolicy policy) {
    return policy.brokerFeatures().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fact(
                policy.brokerFeatures().stream()
                    .map(Facts::noun)
                    .collect(Collectors.joining(" and ", "the application wants ", "")),
                "use QoS 1, the twin and message properties instead, or a general MQTT broker"));
  }

  private static Optional<Fact> oversize(TransportPolicy policy) {
    return policy.largestMessage() > MESSAGE_LIMIT
        ? Optional.of(
            new Fact(
                "one message has " + policy.largestMessage() + " bytes",
                "upload it as a file, or split or compress it"))
        : Optional.empty();
  }

  private static Optional<Fact> restriction(TransportPolicy policy) {
    return policy.only().isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fact("only " + names(policy.only()) + " may be used", "allow other protocols"));
  }

  private static EnumSet<Protocol> copy(Set<Protocol> protocols) {
    EnumSet<Protocol> copy = EnumSet.noneOf(Protocol.class);
    copy.addAll(protocols);
    return copy;
  }

  private static String subject(Capability capability) {
    boolean several =
        switch (capability) {
          case TELEMETRY, CLOUD_MESSAGES, DIRECT_METHODS -> true;
          case TWIN, ABANDON, REJECT -> false;
        };
    return noun(capability) + (several ? " are" : " is");
  }

  static String noun(Capability capability) {
    return switch (capability) {
      case TELEMETRY -> "telemetry messages";
      case CLOUD_MESSAGES -> "cloud-to-device messages";
      case ABANDON -> "abandoning messages";
      case REJECT -> "rejecting messages";
      case TWIN -> "the twin";
      case DIRECT_METHODS -> "direct methods";
    };
  }

  private static String noun(BrokerFeature feature) {
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
    if (policy.has(flag)) {
      given.add(words);
    }
  }

  private Optional<Fact> flag(Flag flag, String statement, String change) {
    return policy.has(flag) ? Optional.of(new Fact(statement, change)) : Optional.empty();
  }
}
