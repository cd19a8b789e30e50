package dev.fairlead.inbound;

import dev.fairlead.MethodRequest;
import dev.fairlead.SystemProperty;
import dev.fairlead.spi.Inbox;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.MethodReply;
import dev.fairlead.spi.Settlement;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.threads.ForeignCalls;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that one session receives, from the beginning of its opening to its end. Each message,
 * call and announcement refers to its session, so that none outlives it. Confined to the loop, but
 * for {@link #isOver}.
 */
public final class SessionInbox implements Inbox {
  private final Loop loop;
  private final @Nullable CloudMessageDispatcher cloudMessages;
  private final MethodDispatcher methods;
  private final TwinFollower.@Nullable Session twin;
  private volatile boolean over;

  SessionInbox(
      Loop loop,
      @Nullable CloudMessageDispatcher cloudMessages,
      MethodDispatcher methods,
      TwinFollower.@Nullable Session twin) {
    this.loop = loop;
    this.cloudMessages = cloudMessages;
    this.methods = methods;
    this.twin = twin;
  }

  /** The session is open. */
  public void opened(TransportSession session) {
    loop.assertInLoop();
    if (!over && twin != null) {
      ForeignCalls.guarded("session.twin()", () -> session.twin().ifPresent(twin::opened));
    }
  }

  /** The session has ended, or its opening has failed. No effect when called again. */
  public void end() {
    loop.assertInLoop();
    if (over) {
      return;
    }
    over = true;
    methods.sessionEnded(this);
    if (cloudMessages != null) {
      cloudMessages.sessionEnded(this);
    }
    if (twin != null) {
      twin.ended();
    }
  }

  /** Whether the session has ended. Any thread. */
  boolean isOver() {
    return over;
  }

  @Override
  public void cloudMessage(
      byte[] body,
      Map<String, String> properties,
      Map<SystemProperty, String> systemProperties,
      Settlement settlement) {
    loop.assertInLoop();
    if (!over && cloudMessages != null) {
      cloudMessages.arrived(this, body, properties, systemProperties, settlement);
    }
  }

  @Override
  public int cloudMessageRoom() {
    loop.assertInLoop();
    return over || cloudMessages == null ? 0 : cloudMessages.room();
  }

  @Override
  public void whenCloudMessageRoom(Runnable wakeup) {
    loop.assertInLoop();
    if (!over && cloudMessages != null) {
      cloudMessages.whenRoom(this, wakeup);
    }
  }

  @Override
  public void methodCall(MethodRequest request, MethodReply reply) {
    loop.assertInLoop();
    if (!over) {
      methods.called(this, request, reply);
    }
  }

  @Override
  public void desiredChange(String patch) {
    loop.assertInLoop();
    if (!over && twin != null) {
      twin.announced(patch);
    }
  }
}
