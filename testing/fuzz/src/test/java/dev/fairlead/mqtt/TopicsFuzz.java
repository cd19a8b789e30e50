package dev.fairlead.mqtt;

import dev.fairlead.fuzz.Expect;
import java.nio.charset.StandardCharsets;

/** The topics of method calls and twin answers. */
public final class TopicsFuzz {
  private TopicsFuzz() {}

  /** The input is a topic. */
  public static void fuzzerTestOneInput(byte[] input) {
    String topic = new String(input, StandardCharsets.UTF_8);
    PacketReader.originalTopic(topic);
    Topics.MethodCall.parse(topic)
        .ifPresent(
            call -> {
              Expect.that(call.rid().length() <= 256 && !call.rid().isEmpty(), "a bad id");
              String same = Topics.METHODS + call.name() + "/?$rid=" + call.rid();
              Expect.same(call, Topics.MethodCall.parse(same).orElseThrow(), "written again");
            });
    Topics.TwinAnswer.parse(topic)
        .ifPresent(
            answer -> {
              Expect.that(answer.status() >= 0 && answer.status() <= 999, "a bad status");
              String same =
                  Topics.TWIN_ANSWERS
                      + answer.status()
                      + "/?$rid="
                      + answer.rid()
                      + (answer.version().isPresent()
                          ? "&$version=" + answer.version().getAsLong()
                          : "")
                      + (answer.retryAfterSeconds().isPresent()
                          ? "&retry-after=" + answer.retryAfterSeconds().getAsLong()
                          : "");
              Expect.same(answer, Topics.TwinAnswer.parse(same).orElseThrow(), "written again");
            });
  }
}
