package dev.fairlead.policy;

import dev.fairlead.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The routes to the hub in the order in which to try them, and every route that was skipped, with
 * all reasons. Immutable; made by {@link TransportPolicy#plan}.
 */
public final class TransportPlan {
  private final Facts facts;
  private final boolean upload;
  private final List<Route> ranked;
  private final List<Choice> choices;
  private final List<Skipped> skipped;
  private final List<Note> notes;

  TransportPlan(
      Facts facts,
      boolean upload,
      List<Route> ranked,
      List<Choice> choices,
      List<Skipped> skipped,
      List<Note> notes) {
    this.facts = facts;
    this.upload = upload;
    this.ranked = List.copyOf(ranked);
    this.choices = List.copyOf(choices);
    this.skipped = List.copyOf(skipped);
    this.notes = List.copyOf(notes);
  }

  /**
   * The same plan, whose notes also report transports that could not be loaded.
   *
   * @param failures one sentence each, see {@link dev.fairlead.spi.InstalledTransports#failures()}
   * @return the plan
   */
  public TransportPlan reporting(List<String> failures) {
    List<Note> all = new ArrayList<>(notes);
    failures.forEach(why -> all.add(new Note(ReasonCode.NOT_LOADED, Optional.empty(), why)));
    return new TransportPlan(facts, upload, ranked, choices, skipped, all);
  }

  /**
   * The routes in the order in which to try them.
   *
   * @return an unmodifiable list; empty if the facts leave nothing
   */
  public List<Route> routes() {
    return choices.stream().map(Choice::route).toList();
  }

  /**
   * The same routes in the order that they would have if none had failed lately.
   *
   * @return an unmodifiable list, the best first
   */
  public List<Route> ranked() {
    return ranked;
  }

  /**
   * The routes of a better class than that of a route which is the {@link Verdict#LAST_RESORT}:
   * those that push and rank before it. A client takes such a route only after several failures,
   * and then tries the better ones beside it.
   *
   * @param route a route
   * @return an unmodifiable list, the best first; empty for any other route
   */
  public List<Route> betterClass(Route route) {
    if (!isLastResort(route)) {
      return List.of();
    }
    return ranked.subList(0, Math.max(0, ranked.indexOf(route))).stream()
        .filter(each -> !isLastResort(each))
        .toList();
  }

  private boolean isLastResort(Route route) {
    return choices.stream()
        .anyMatch(
            choice -> choice.route().equals(route) && choice.verdict() == Verdict.LAST_RESORT);
  }

  /**
   * Remarks on a route while it is in use: the configuration that its transport reports, and which
   * better routes are passed over because they failed lately.
   *
   * @param inUse a route of this plan
   * @return one sentence each, possibly none
   */
  public List<String> remarks(Route inUse) {
    Stream<String> setUp =
        notes.stream()
            .filter(note -> note.code() == ReasonCode.AS_SET_UP)
            .filter(note -> note.route().equals(Optional.of(inUse)))
            .map(Note::sentence);
    List<Route> better = ranked.subList(0, Math.max(0, ranked.indexOf(inUse)));
    Stream<String> passedOver =
        better.stream()
            .flatMap(route -> choices.stream().filter(choice -> choice.route().equals(route)))
            .flatMap(
                choice -> choice.postponed().stream().map(because -> passedOver(choice, because)));
    return Stream.concat(setUp, passedOver).toList();
  }

  private static String passedOver(Choice choice, RouteMemory.Postponement because) {
    Route route = choice.route();
    return route.protocol() + " " + route.port() + " passed over: " + because.why();
  }

  /**
   * The routes with the notes on each.
   *
   * @return an unmodifiable list in the order of {@link #routes()}
   */
  public List<Choice> choices() {
    return choices;
  }

  /**
   * The routes that were left out.
   *
   * @return an unmodifiable list; every reason of every route
   */
  public List<Skipped> skipped() {
    return skipped;
  }

  /**
   * The notes.
   *
   * @return an unmodifiable list
   */
  public List<Note> notes() {
    return notes;
  }

  /**
   * Whether documents leave it open if the hub accepts this policy's kind of credential on a route
   * ({@link ReasonCode#X509_CA_GA}, {@link ReasonCode#X509_AMQP_WS}). A credential that is refused
   * there may still be valid, so the next route is tried.
   *
   * @param route a route of this plan
   * @return whether this plan has such a note
   */
  public boolean doubtful(Route route) {
    return notes.stream()
        .filter(note -> note.route().equals(Optional.of(route)))
        .anyMatch(
            note -> note.code() == ReasonCode.X509_CA_GA || note.code() == ReasonCode.X509_AMQP_WS);
  }

  /**
   * The recommended route. A polled route (HTTPS) is never recommended while another is left, even
   * if it is tried first.
   *
   * @return the route, empty if the plan is
   */
  public Optional<Route> recommended() {
    return choices.stream()
        .filter(choice -> choice.verdict() == Verdict.RECOMMENDED)
        .map(Choice::route)
        .findFirst();
  }

  /**
   * The outbound TCP ports to open for everything in this plan, file upload included.
   *
   * @return the ports, ascending
   */
  public SortedSet<Integer> ports() {
    SortedSet<Integer> ports = new TreeSet<>();
    choices.forEach(choice -> ports.add(choice.route().port()));
    if (upload && !choices.isEmpty()) {
      ports.add(Documented.UPLOAD_PORT);
    }
    return ports;
  }

  /**
   * Whether nothing is left.
   *
   * @return whether the plan has no route
   */
  public boolean isEmpty() {
    return choices.isEmpty();
  }

  /**
   * Why nothing is left: a smallest set of the given facts that by itself skips every route.
   *
   * @return the conflict, empty if there is a route
   */
  public Optional<Conflict> conflict() {
    return isEmpty() ? Optional.of(Conflict.smallest(facts.all(), skipped)) : Optional.empty();
  }

  /**
   * The plan as a text for a person: what was given, what was chosen in which order, what was
   * skipped and why, the ports to open. At most 80 columns wide, lines ended by {@code \n}.
   *
   * @return the text
   */
  public String explain() {
    return new Explanation(this).text();
  }

  /** The routes only; {@link #explain()} says more. */
  @Override
  public String toString() {
    return "TransportPlan" + routes();
  }

  Facts facts() {
    return facts;
  }

  /** How a chosen route compares with the others. */
  public enum Verdict {
    /** The recommended route. */
    RECOMMENDED,
    /** Also good; tried when those before it have failed. */
    ALTERNATIVE,
    /** A polled route for a rarely connected device that needs no push: it works as well. */
    ACCEPTABLE,
    /** A polled route although there are better ones: used when no other route works. */
    LAST_RESORT
  }

  /**
   * A chosen route.
   *
   * @param route the route
   * @param verdict how it compares with the others
   * @param connections how many connections the policy's identities need on it
   * @param postponed why it is tried last for now, empty if it is not
   */
  public record Choice(
      Route route,
      Verdict verdict,
      int connections,
      Optional<RouteMemory.Postponement> postponed) {}

  /**
   * A route that was left out.
   *
   * @param route the route
   * @param reasons every rule that skipped it, in the order of the rule table; at least one
   */
  public record Skipped(Route route, List<Reason> reasons) {
    /** Copies the list. */
    public Skipped {
      reasons = List.copyOf(reasons);
    }
  }

  /**
   * Why a route was left out.
   *
   * @param code the rule
   * @param sentence the rule in one plain sentence
   * @param causes the facts behind it: each set alone is enough for the rule to hold
   */
  public record Reason(ReasonCode code, String sentence, List<Set<Fact>> causes) {
    /** Copies the list. */
    public Reason {
      causes = List.copyOf(causes);
    }
  }

  /**
   * Something given to planning that can rule out a route.
   *
   * @param statement the fact, as a clause
   * @param change what would undo it, as an imperative
   */
  public record Fact(String statement, String change) {}

  /**
   * A note on a plan or on a route in it.
   *
   * @param code the rule
   * @param route the route it is about, empty if it is about the whole plan
   * @param sentence the note in one plain sentence
   */
  public record Note(ReasonCode code, Optional<Route> route, String sentence) {}
}
