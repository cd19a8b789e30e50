package dev.fairlead.policy;

import dev.fairlead.Capability;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.policy.RouteMemory.Postponement;
import dev.fairlead.policy.TransportPlan.Choice;
import dev.fairlead.policy.TransportPlan.Note;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPlan.Skipped;
import dev.fairlead.policy.TransportPlan.Verdict;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.RouteOffer.Delivery;
import dev.fairlead.spi.TransportOffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes one plan: filters by the rules, orders the remaining routes, adds the notes. */
final class Planning {
  private final TransportPolicy policy;
  private final Facts facts;
  private final List<RouteOffer> offers;
  private final Map<Route, Postponement> postponed;

  Planning(
      TransportPolicy policy,
      Set<Capability> needs,
      List<TransportOffer> offers,
      RouteMemory.Snapshot remembered) {
    Map<Route, RouteOffer> byRoute = new LinkedHashMap<>();
    Set<Protocol> installed = EnumSet.noneOf(Protocol.class);
    for (TransportOffer offer : offers) {
      for (RouteOffer route : offer.routes()) {
        byRoute.putIfAbsent(route.route(), route);
        installed.add(route.route().protocol());
      }
    }
    for (RouteOffer route : Documented.ROUTES) {
      if (!installed.contains(route.route().protocol())) {
        byRoute.put(route.route(), route);
      }
    }
    this.policy = policy;
    this.facts = new Facts(policy, needs, installed);
    this.offers = new ArrayList<>(byRoute.values());
    this.postponed = remembered.postponed();
  }

  TransportPlan plan() {
    List<RouteOffer> left = new ArrayList<>();
    List<Skipped> skipped = new ArrayList<>();
    offers.sort(byRank());
    for (RouteOffer offer : offers) {
      List<Reason> reasons = Rules.reasons(facts, offer);
      if (reasons.isEmpty()) {
        left.add(offer);
      } else {
        skipped.add(new Skipped(offer.route(), reasons));
      }
    }
    left.sort(byDoubt());
    left.sort(byWish());
    List<Route> ranked = left.stream().map(RouteOffer::route).toList();
    left.sort(Comparator.comparing(offer -> postponed.containsKey(offer.route())));
    boolean pushLeft = left.stream().anyMatch(offer -> offer.delivery() == Delivery.PUSH);
    List<Choice> choices = new ArrayList<>();
    List<Note> notes = new ArrayList<>();
    boolean recommended = false;
    for (RouteOffer offer : left) {
      Verdict verdict = verdict(offer, pushLeft, recommended);
      recommended |= verdict == Verdict.RECOMMENDED;
      Optional<Postponement> later = Optional.ofNullable(postponed.get(offer.route()));
      choices.add(new Choice(offer.route(), verdict, connections(offer), later));
      List<Note> own = new ArrayList<>();
      note(offer, later, own);
      if (verdict == Verdict.LAST_RESORT && isOutranked(offer, ranked)) {
        own.add(
            new Note(
                ReasonCode.LAST_RESORT,
                Optional.of(offer.route()),
                "Once a better route has worked, this one is taken only when all better ones have"
                    + " failed for 10 minutes and three times. They are tried beside it."));
      }
      own.sort(Comparator.comparing(Note::code));
      notes.addAll(own);
    }
    boolean upload = policy.has(Flag.FILE_UPLOAD);
    if (upload && !left.isEmpty()) {
      notes.add(
          new Note(
              ReasonCode.UPLOAD_HTTPS,
              Optional.empty(),
              "File upload uses HTTPS beside the chosen route: port 443 must be open too."));
      if (facts.caCertificateOutsidePreview().isPresent()) {
        notes.add(
            new Note(
                ReasonCode.X509_CA_GA,
                Optional.empty(),
                "File upload with X.509 CA credentials is documented as a preview: the hub may"
                    + " refuse it."));
      }
    }
    return new TransportPlan(facts, upload, ranked, choices, skipped, notes);
  }

  private Comparator<RouteOffer> byRank() {
    List<Protocol> ranking = Documented.ranking(facts.gateway());
    return Comparator.comparingInt(offer -> ranking.indexOf(offer.route().protocol()));
  }

  /**
   * Routes that the hub may refuse come last among those that push: trying one is better than
   * polling.
   */
  private Comparator<RouteOffer> byDoubt() {
    return Comparator.<RouteOffer, Boolean>comparing(offer -> offer.delivery() == Delivery.POLL)
        .thenComparing(offer -> !Rules.doubts(facts, offer).isEmpty());
  }

  /** Applied to routes in documented order; the sort is stable. */
  private Comparator<RouteOffer> byWish() {
    boolean compact = policy.has(Flag.COMPACT_PAYLOADS);
    return Comparator.<RouteOffer, Boolean>comparing(offer -> compact && !offer.compact())
        .thenComparingInt(offer -> preference(offer.route().protocol()));
  }

  private int preference(Protocol protocol) {
    int index = policy.preferred().indexOf(protocol);
    return index < 0 ? Integer.MAX_VALUE : index;
  }

  private Verdict verdict(RouteOffer offer, boolean pushLeft, boolean recommended) {
    if (offer.delivery() == Delivery.POLL && pushLeft) {
      boolean needsPush =
          policy
              .cloudMessageLatency()
              .filter(tolerated -> tolerated.compareTo(Facts.POLL_INTERVAL) < 0)
              .isPresent();
      return policy.has(Flag.RARELY_CONNECTED) && !needsPush
          ? Verdict.ACCEPTABLE
          : Verdict.LAST_RESORT;
    }
    return recommended ? Verdict.ALTERNATIVE : Verdict.RECOMMENDED;
  }

  /** Whether a route that pushes ranks before a polled one. */
  private boolean isOutranked(RouteOffer polled, List<Route> ranked) {
    int place = ranked.indexOf(polled.route());
    return offers.stream()
        .filter(offer -> offer.delivery() == Delivery.PUSH)
        .mapToInt(offer -> ranked.indexOf(offer.route()))
        .anyMatch(each -> each >= 0 && each < place);
  }

  private int connections(RouteOffer offer) {
    int limit = shares(offer) ? limit(offer) : 1;
    return (policy.identities() - 1) / limit + 1;
  }

  /** Whether the identities can share connections on this route; certificates cannot. */
  private boolean shares(RouteOffer offer) {
    return Rules.carriesSeveral(offer) && facts.certificate().isEmpty();
  }

  private int limit(RouteOffer offer) {
    return policy.identitiesPerConnection(offer);
  }

  private void note(RouteOffer offer, Optional<Postponement> later, List<Note> notes) {
    Optional<Route> route = Optional.of(offer.route());
    int identities = policy.identities();
    if (facts.gateway() && !Rules.carriesSeveral(offer)) {
      notes.add(
          new Note(
              ReasonCode.ONE_PER_CONNECTION,
              route,
              "One identity per connection: " + identities + " connections."));
    } else if (facts.gateway() && !shares(offer)) {
      notes.add(
          new Note(
              ReasonCode.X509_MULTIPLEX,
              route,
              "Identities with certificates share no connection: " + identities + " connections."));
    } else if (facts.gateway() && identities > limit(offer)) {
      notes.add(
          new Note(
              ReasonCode.MUX_LIMIT,
              route,
              identities
                  + " identities at "
                  + limit(offer)
                  + " per connection: "
                  + connections(offer)
                  + " connections."));
    }
    Rules.doubts(facts, offer)
        .forEach(
            doubt ->
                notes.add(
                    new Note(
                        doubt.code(),
                        route,
                        doubt.sentence() + " If yours refuses, the next route is tried.")));
    if (offer.delivery() == Delivery.POLL) {
      notes.add(
          new Note(
              ReasonCode.POLL_25MIN,
              route,
              policy.developmentMode()
                  ? "DEVELOPMENT MODE: it may poll more often than once in 25 minutes; the hub"
                      + " throttles devices that do."
                  : "It polls for cloud-to-device messages, at least 25 minutes apart."));
    }
    offer.notes().forEach(told -> notes.add(new Note(ReasonCode.AS_SET_UP, route, told)));
    later.ifPresent(
        because ->
            notes.add(
                new Note(
                    ReasonCode.POSTPONED,
                    route,
                    "Goes last until " + because.until() + ": " + because.why())));
  }
}
