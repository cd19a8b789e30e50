package dev.fairlead.policy;

import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPlan.Skipped;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A smallest set of the given facts that leaves no route by itself: take any one of them away, and
 * the rest of the set leaves a route.
 *
 * @param facts the facts, in the order of the rule table
 */
public record Conflict(List<Fact> facts) {
  /** Copies the list. */
  public Conflict {
    facts = List.copyOf(facts);
  }

  /** Tries the given facts in sets of growing size; the first that suffices is used. */
  static Conflict smallest(List<Fact> given, List<Skipped> skipped) {
    List<List<Set<Fact>>> causes =
        skipped.stream()
            .map(
                route ->
                    route.reasons().stream().map(Reason::causes).flatMap(List::stream).toList())
            .toList();
    List<Fact> all =
        given.stream()
            .filter(
                fact ->
                    causes.stream()
                        .flatMap(List::stream)
                        .anyMatch(together -> together.contains(fact)))
            .toList();
    for (int size = 1; size < all.size(); size++) {
      List<Fact> found = grow(new ArrayList<>(), all, 0, size, causes);
      if (!found.isEmpty()) {
        return new Conflict(found);
      }
    }
    return new Conflict(all);
  }

  private static List<Fact> grow(
      List<Fact> chosen, List<Fact> all, int from, int size, List<List<Set<Fact>>> causes) {
    if (chosen.size() == size) {
      return leavesNothing(new HashSet<>(chosen), causes) ? chosen : List.of();
    }
    for (int i = from; i <= all.size() - (size - chosen.size()); i++) {
      chosen.add(all.get(i));
      List<Fact> found = grow(chosen, all, i + 1, size, causes);
      if (!found.isEmpty()) {
        return found;
      }
      chosen.remove(chosen.size() - 1);
    }
    return List.of();
  }

  private static boolean leavesNothing(Collection<Fact> facts, List<List<Set<Fact>>> causes) {
    return causes.stream().allMatch(route -> route.stream().anyMatch(facts::containsAll));
  }

  /**
   * The conflict in two plain sentences: which facts contradict each other, and what to change.
   *
   * @return the sentences
   */
  public String sentence() {
    String statements = facts.stream().map(Fact::statement).collect(Collectors.joining(", and "));
    String changes = facts.stream().map(Fact::change).collect(Collectors.joining("; or "));
    return (facts.size() == 1 ? "One fact alone leaves no route: " : "No route is left when ")
        + statements
        + ". To change that: "
        + changes
        + ".";
  }
}
