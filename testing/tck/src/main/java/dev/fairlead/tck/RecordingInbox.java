package dev.fairlead.tck;

import dev.fairlead.CloudMessage;
import dev.fairlead.MethodRequest;
import dev.fairlead.SystemProperty;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.spi.Settlement;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.function.Supplier;

/** Records all input, and notes input on the wrong thread or after the end of the session. */
public final class RecordingInbox implements Inbox {
  private final Loop loop;
  private final List<CloudMessage> cloudMessages = new CopyOnWriteArrayList<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<String> patches = new CopyOnWriteArrayList<>();
  private final List<String> misuse = new CopyOnWriteArrayList<>();
  private volatile int room = 10;
  private volatile Runnable roomWakeup = () -> {};
  private volatile boolean ended;

  RecordingInbox(Loop loop) {
    this.loop = loop;
  }

  /**
   * A direct method call that has arrived.
   *
   * @param request the call
   * @param reply answers it
   */
  public record Call(MethodRequest request, MethodReply reply) {}

  @Override
  public void cloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    check("a cloud-to-device message");
    settlement.handedOut();
    cloudMessages.add(
        new CloudMessage(body, properties, systemProperties, new OnLoop(loop, settlement)));
  }

  @Override
  public int cloudMessageRoom() {
    return room;
  }

  @Override
  public void whenCloudMessageRoom(Runnable wakeup) {
    roomWakeup = wakeup;
  }

  /**
   * Sets how many cloud-to-device messages the handler has room for, and wakes the session.
   *
   * @param messages 0 or more; 10 unless set
   */
  public void setRoom(int messages) {
    room = messages;
    loop.execute(() -> roomWakeup.run());
  }

  @Override
  public void methodCall(MethodRequest request, MethodReply reply) {
    check("a method call");
    calls.add(new Call(request, response -> onLoop(loop, () -> reply.respond(response))));
  }

  @Override
  public void desiredChange(String patch) {
    check("a desired change");
    patches.add(patch);
  }

  /**
   * The messages so far.
   *
   * @return a copy
   */
  public List<CloudMessage> cloudMessages() {
    return List.copyOf(cloudMessages);
  }

  /**
   * The method calls so far.
   *
   * @return a copy
   */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  /**
   * The desired changes so far.
   *
   * @return a copy
   */
  public List<String> patches() {
    return List.copyOf(patches);
  }

  /**
   * Input that was delivered on another thread than the loop's, or after the session had ended.
   *
   * @return one text for each
   */
  public List<String> misuse() {
    return List.copyOf(misuse);
  }

  /** Settles and replies on the loop, like the client. */
  private static CompletionStage<Void> onLoop(Loop loop, Supplier<CompletionStage<Void>> verb) {
    return CompletableFuture.supplyAsync(verb, loop).thenCompose(Function.identity());
  }

  /** Settles on the loop. */
  private record OnLoop(Loop loop, Settlement settlement) implements Settlement {
    @Override
    public CompletionStage<Void> complete() {
      return onLoop(loop, settlement::complete);
    }

    @Override
    public CompletionStage<Void> abandon() {
      return onLoop(loop, settlement::abandon);
    }

    @Override
    public CompletionStage<Void> reject() {
      return onLoop(loop, settlement::reject);
    }
  }

  void end() {
    ended = true;
  }

  private void check(String what) {
    if (!loop.inLoop()) {
      misuse.add(what + " arrived on " + Thread.currentThread().getName());
    }
    if (ended) {
      misuse.add(what + " arrived after the end");
    }
  }
}
