package dev.fairlead.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Protocol;
import dev.fairlead.policy.TransportPlan.Choice;
import dev.fairlead.policy.TransportPlan.Fact;
import dev.fairlead.policy.TransportPlan.Note;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPlan.Skipped;
import dev.fairlead.policy.World.Axis;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The planner compared with the oracle, over every combination of the table's facts. */
class EveryCombinationTest {
  /**
   * Needs that read as others do: NO_PUSH_FEATURE by methods, MQTT_NO_REJECT and TIER by reject; a
   * sweep of their own.
   */
  private static final Set<Axis> SECOND_REPRESENTATIVES =
      EnumSet.of(Axis.TWIN, Axis.ABANDON, Axis.CLOUD_MESSAGES);

  private static final Set<Axis> ORDERING =
      EnumSet.of(Axis.RARELY, Axis.COMPACT, Axis.PREFER, Axis.POSTPONED);

  @Test
  void everyFilterWithEveryOther() {
    EnumSet<Axis> axes = EnumSet.complementOf(EnumSet.copyOf(ORDERING));
    axes.removeAll(SECOND_REPRESENTATIVES);
    Sweep sweep = new Sweep(List.copyOf(axes));
    byte[] left = new byte[sweep.size()];
    sweep.each(
        (world, index) -> {
          TransportPlan plan = world.plan();
          checkAgainstTable(world, plan);
          left[index] = protocols(plan);
        });
    openingAndDroppingNeverRemoves(sweep, left);
  }

  @Test
  void everyNeedWithEveryOther() {
    check(
        Axis.METHODS,
        Axis.TWIN,
        Axis.CLOUD_MESSAGES,
        Axis.ABANDON,
        Axis.REJECT,
        Axis.LATENCY,
        Axis.TIER,
        Axis.IDENTITIES,
        Axis.NO_AMQP,
        Axis.ONLY_443,
        Axis.BLOCKED_8883,
        Axis.BLOCKED_443,
        Axis.RARELY);
  }

  @Test
  void everyWishOverEverySetOfRoutesThatCanBeLeft() {
    check(
        Axis.RARELY,
        Axis.COMPACT,
        Axis.PREFER,
        Axis.POSTPONED,
        Axis.IDENTITIES,
        Axis.BLOCKED_8883,
        Axis.BLOCKED_5671,
        Axis.BLOCKED_443,
        Axis.METHODS,
        Axis.LATENCY,
        Axis.REJECT,
        Axis.CREDENTIAL,
        Axis.MEMORY,
        Axis.UPLOAD,
        Axis.NO_MQTT);
  }

  private static void check(Axis... axes) {
    new Sweep(List.of(axes))
        .each(
            (world, index) -> {
              TransportPlan plan = world.plan();
              checkAgainstTable(world, plan);
              checkNotesAndPorts(world, plan);
            });
  }

  @Test
  void conflictIsSmallestAndSufficient() {
    Sweep sweep =
        new Sweep(
            List.of(
                Axis.IDENTITIES,
                Axis.BLOCKED_8883,
                Axis.BLOCKED_5671,
                Axis.ONLY_443,
                Axis.PROXY,
                Axis.BLOCKED_443,
                Axis.METHODS,
                Axis.MEMORY,
                Axis.REJECT,
                Axis.CREDENTIAL,
                Axis.NO_MQTT,
                Axis.NO_AMQP,
                Axis.NO_HTTPS,
                Axis.UPLOAD,
                Axis.BROKER,
                Axis.TIER));
    byte[] smallest = new byte[sweep.size()];
    int[] ofSize = new int[sweep.axes().size()];
    // a combination without one of its facts has a lower number, so its answer is there already
    sweep.each(
        (world, index) -> {
          TransportPlan plan = world.plan();
          smallest[index] = smallestConflict(sweep, smallest, index, plan.isEmpty());
          assertThat(plan.conflict().isPresent()).isEqualTo(plan.isEmpty());
          plan.conflict()
              .ifPresent(
                  conflict -> {
                    ofSize[conflict.facts().size()]++;
                    Set<Axis> named = axesOf(conflict.facts());
                    if (conflict.facts().size() != smallest[index]
                        || smallest[sweep.onlyWith(index, named)] == 0) {
                      throw new AssertionError(world + ": " + conflict);
                    }
                  });
        });
    assertThat(Arrays.copyOfRange(ofSize, 2, 4)).as("conflicts of 2, 3 facts").doesNotContain(0);
  }

  /** By the definition: the fewest facts among this combination's subsets that leave nothing. */
  private static byte smallestConflict(Sweep sweep, byte[] smallest, int index, boolean empty) {
    if (!empty) {
      return 0;
    }
    int said = 0;
    int fewest = Integer.MAX_VALUE;
    for (int axis = 0; axis < sweep.axes().size(); axis++) {
      if (sweep.digit(index, axis) != 0) {
        said++;
        int fewer = smallest[sweep.without(index, axis)];
        fewest = fewer == 0 ? fewest : Math.min(fewest, fewer);
      }
    }
    return (byte) Math.min(fewest, said);
  }

  private static Set<Axis> axesOf(Collection<Fact> facts) {
    EnumSet<Axis> axes = EnumSet.noneOf(Axis.class);
    for (Fact fact : facts) {
      for (Axis axis : Axis.values()) {
        if (fact.statement().startsWith(axis.words)) {
          axes.add(axis);
        }
      }
    }
    return axes;
  }

  private static void openingAndDroppingNeverRemoves(Sweep sweep, byte[] left) {
    for (int index = 0; index < left.length; index++) {
      for (int axis = 0; axis < sweep.axes().size(); axis++) {
        int lost = left[index] & ~left[sweep.without(index, axis)];
        if (lost != 0) {
          throw new AssertionError(
              "Combination " + index + " without " + sweep.axes().get(axis) + " loses a route.");
        }
      }
    }
  }

  private static byte protocols(TransportPlan plan) {
    int bits = 0;
    for (Choice choice : plan.choices()) {
      bits |= 1 << choice.route().protocol().ordinal();
    }
    return (byte) bits;
  }

  private static void checkAgainstTable(World world, TransportPlan plan) {
    List<Protocol> order = Oracle.order(world);
    List<Choice> choices = plan.choices();
    boolean same = choices.size() == order.size() && choices.size() + plan.skipped().size() == 5;
    for (int i = 0; same && i < order.size(); i++) {
      Choice choice = choices.get(i);
      same =
          choice.route().protocol() == order.get(i)
              && choice.verdict() == Oracle.verdict(world, order.get(i), order);
    }
    for (Skipped skipped : plan.skipped()) {
      Set<ReasonCode> expected = Oracle.reasons(world, skipped.route().protocol());
      same = same && skipped.reasons().size() == expected.size();
      for (Reason reason : skipped.reasons()) {
        same = same && expected.contains(reason.code());
      }
    }
    if (!same) {
      throw new AssertionError(world + " should leave " + order + "\nand gave\n" + plan.explain());
    }
  }

  private static void checkNotesAndPorts(World world, TransportPlan plan) {
    List<Protocol> order = Oracle.order(world);
    List<String> expected = new ArrayList<>();
    for (Protocol protocol : order) {
      Oracle.notes(world, protocol).forEach(code -> expected.add(protocol + " " + code));
    }
    if (world.is(Axis.UPLOAD) && !order.isEmpty()) {
      expected.add("plan " + ReasonCode.UPLOAD_HTTPS);
      if (world.of(Axis.CREDENTIAL) == 2) {
        expected.add("plan " + ReasonCode.X509_CA_GA);
      }
    }
    List<String> noted = new ArrayList<>();
    for (Note note : plan.notes()) {
      noted.add(note.route().map(route -> route.protocol() + " ").orElse("plan ") + note.code());
    }
    if (!noted.equals(expected) || !plan.ports().equals(Oracle.ports(world, order))) {
      throw new AssertionError(
          world + " should note " + expected + "\nand gave\n" + plan.explain());
    }
  }
}
