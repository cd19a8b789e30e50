package dev.fairlead.tck;

import dev.fairlead.CloudMessage;
import dev.fairlead.MethodRequest;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what arrives, and notes what comes on the wrong thread or after the end. */
public final class RecordingInbox implements Inbox {
  private final Loop loop;
  private final List<CloudMessage> cloudMessages = new CopyOnWriteArrayList<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<String> patches = new CopyOnWriteArrayList<>();
  private final List<String> misuse = new CopyOnWriteArrayList<>();
  private volatile boolean ended;

  RecordingInbox(Loop loop) {
    this.loop = loop;
  }

  /**
   * A direct method that has come.
   *
   * @param request the call
   * @param reply answers it
   */
  public record Call(MethodRequest request, MethodReply reply) {}

  @Override
  public void cloudMessage(CloudMessage message) {
    check("a cloud-to-device message");
    cloudMessages.add(message);
  }

  @Override
  public void methodCall(MethodRequest request, MethodReply reply) {
    check("a method call");
    calls.add(new Call(request, reply));
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
   * What was delivered on another thread than the loop's, or after the session had ended.
   *
   * @return one line each
   */
  public List<String> misuse() {
    return List.copyOf(misuse);
  }

  void end() {
    ended = true;
  }

  private void check(String what) {
    if (!loop.inLoop()) {
      misuse.add(what + " came on " + Thread.currentThread().getName());
    }
    if (ended) {
      misuse.add(what + " came after the end");
    }
  }
}
