package dev.fairlead.policy;

import dev.fairlead.Route;
import dev.fairlead.policy.TransportPlan.Choice;
import dev.fairlead.policy.TransportPlan.Note;
import dev.fairlead.policy.TransportPlan.Reason;
import dev.fairlead.policy.TransportPlan.Skipped;
import dev.fairlead.policy.TransportPlan.Verdict;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A plan as a text for a person, at most {@value #WIDTH} columns wide. */
final class Explanation {
  static final int WIDTH = 80;

  private final TransportPlan plan;
  private final StringBuilder text = new StringBuilder();

  Explanation(TransportPlan plan) {
    this.plan = plan;
  }

  String text() {
    paragraph("Given", plan.facts().given());
    plan.conflict().ifPresentOrElse(conflict -> refused(conflict), this::chosen);
    if (!plan.notes().isEmpty()) {
      text.append("\nTo know\n");
      plan.notes().forEach(this::note);
    }
    if (!plan.skipped().isEmpty()) {
      text.append("\nSkipped\n");
      plan.skipped().forEach(this::skipped);
    }
    if (!plan.isEmpty()) {
      text.append('\n');
      paragraph("Open outbound TCP ports", plan.ports().stream().map(String::valueOf).toList());
      always();
    }
    return text.toString();
  }

  private void refused(Conflict conflict) {
    text.append("\nNo route to the hub\n");
    wrap("  ", "  ", conflict.sentence());
  }

  private void chosen() {
    text.append("\nTried in this order\n");
    int place = 0;
    for (Choice choice : plan.choices()) {
      place++;
      row(
          String.format(
              Locale.ROOT,
              "  %d  %-8s %-10s %5d  ",
              place,
              choice.route().protocol(),
              carrier(choice.route()),
              choice.route().port()),
          verdict(choice.verdict()));
    }
  }

  private void note(Note note) {
    String about = note.route().map(route -> route.protocol().name()).orElse("");
    row(String.format(Locale.ROOT, "  %-8s %-19s ", about, note.code()), note.sentence());
  }

  private void skipped(Skipped route) {
    String about = route.route().protocol().name();
    for (Reason reason : route.reasons()) {
      row(String.format(Locale.ROOT, "  %-8s %-19s ", about, reason.code()), reason.sentence());
      about = "";
    }
  }

  /** The rules that hold for every plan. Sources: see the pages named at {@link ReasonCode}. */
  private void always() {
    text.append("\nAlways\n");
    wrap("  - ", "    ", "The hub is reached by name, resolved afresh on every connect.");
    wrap("  - ", "    ", "MQTT keep-alive is at most 1177 s.");
    wrap(
        "  - ",
        "    ",
        plan.facts().policy().developmentMode()
            ? "DEVELOPMENT MODE: HTTPS may poll more often than once in 25 minutes. Not for the"
                + " field."
            : "HTTPS polls for cloud-to-device messages at least 25 minutes apart.");
  }

  private static String verdict(Verdict verdict) {
    return switch (verdict) {
      case RECOMMENDED -> "recommended";
      case ALTERNATIVE -> "alternative";
      case ACCEPTABLE -> "acceptable for a rarely connected device";
      case LAST_RESORT -> "last resort, not recommended";
    };
  }

  private static String carrier(Route route) {
    return route.carrier().name().toLowerCase(Locale.ROOT);
  }

  private void paragraph(String title, List<String> items) {
    wrap(title + ": ", "  ", items.stream().collect(Collectors.joining(", ")) + ".");
  }

  private void row(String head, String words) {
    wrap(head, " ".repeat(head.length()), words);
  }

  /** Breaks at blanks; a word longer than the line, such as a name in a failure, stays whole. */
  private void wrap(String first, String others, String words) {
    StringBuilder line = new StringBuilder(first);
    boolean empty = true;
    for (String word : words.strip().split("\\s+", -1)) {
      if (!empty && line.length() + 1 + word.length() > WIDTH) {
        text.append(line).append('\n');
        line = new StringBuilder(others);
        empty = true;
      }
      line.append(empty ? "" : " ").append(word);
      empty = false;
    }
    text.append(line).append('\n');
  }
}
