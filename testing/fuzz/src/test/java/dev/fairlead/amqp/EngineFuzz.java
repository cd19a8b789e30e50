package dev.fairlead.amqp;

import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.fuzz.Expect;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.apache.qpid.proton.amqp.messaging.Accepted;
import org.apache.qpid.proton.amqp.messaging.Rejected;
import org.apache.qpid.proton.amqp.messaging.Source;
import org.apache.qpid.proton.amqp.messaging.Target;
import org.apache.qpid.proton.amqp.transport.ErrorCondition;
import org.apache.qpid.proton.engine.Delivery;
import org.apache.qpid.proton.engine.Link;
import org.apache.qpid.proton.engine.Receiver;
import org.apache.qpid.proton.engine.Sender;
import org.apache.qpid.proton.engine.Session;

/**
 * Frames from a hub, to a connection with a session, a sender and a receiver. Nothing but a
 * violation of the protocol may come out of the engine, and its memory is bounded by the heap of
 * the run.
 */
public final class EngineFuzz {
  private static final int MOST_ARRIVED = 4096;

  private EngineFuzz() {}

  /**
   * The first byte says what the connection is like, the second is the size of the pieces, the rest
   * is what the hub sends.
   */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 2) {
      return;
    }
    Tasks tasks = new Tasks();
    Watch watch = new Watch();
    Engine engine =
        new Engine(
            new ConnectionThreads("fuzz", null, tasks, watch),
            tasks,
            (input[0] & 1) == 0 ? Sasl.none() : Sasl.anonymous(),
            Duration.ofMinutes(4),
            (input[0] & 2) != 0,
            watch);
    watch.engine = engine;
    begin(engine, watch);
    int piece = 1 + (input[1] & 0xff);
    try {
      for (int at = 2; at < input.length; at += piece) {
        byte[] bytes = Arrays.copyOfRange(input, at, Math.min(input.length, at + piece));
        engine.feed(bytes, bytes.length);
        tasks.run();
        engine.flush();
      }
    } catch (ProtocolViolation e) {
      Expect.that(e.getMessage() != null, "no reason");
    }
    Expect.that(watch.arrived <= MOST_ARRIVED, "more messages than bytes");
    if (watch.failure != null) {
      throw new AssertionError("The engine failed", watch.failure);
    }
  }

  private static void begin(Engine engine, Watch watch) {
    engine.open("fuzz", "hub.example");
    Session session = engine.session(watch);
    session.open();
    Sender sender = session.sender("s");
    sender.setContext(watch);
    sender.setSource(new Source());
    sender.setTarget(new Target());
    sender.open();
    Receiver receiver = session.receiver("r");
    receiver.setContext(watch);
    receiver.setSource(new Source());
    receiver.setTarget(new Target());
    receiver.open();
    receiver.flow(10);
    engine.ping();
    engine.flush();
  }

  /** Does what the transport does with each event. */
  private static final class Watch
      implements ConnectionThreads.Events, Engine.Events, Engine.SessionEvents, Engine.LinkEvents {
    private Engine engine;
    private int arrived;
    private RuntimeException failure;

    @Override
    public void remoteOpened() {
      engine.remoteIdleTimeout();
      engine.maxSessions();
      engine.askForState();
    }

    @Override
    public void closed(ErrorCondition why) {
      AmqpError.of(why);
    }

    @Override
    public void pingRefused() {}

    @Override
    public void failed(RuntimeException bug) {
      failure = bug;
    }

    @Override
    public void begun() {}

    @Override
    public void ended(ErrorCondition why) {
      AmqpError.of(why);
    }

    @Override
    public void attached(Link link) {
      link.getRemoteSource();
    }

    @Override
    public void detached(Link link, ErrorCondition why) {
      AmqpError.of(why);
      engine.discardPartial(link);
    }

    @Override
    public void credited(Link link) {
      if (link instanceof Sender sender && sender.getCredit() > 0 && arrived < 8) {
        Delivery delivery = sender.delivery(new byte[] {(byte) arrived++});
        sender.send(new byte[] {0, 0x53, 0x75, (byte) 0xa0, 0}, 0, 5);
        Expect.that(sender.advance() && delivery != null, "It does not advance");
      }
    }

    @Override
    public void arrived(Delivery delivery, byte[] message) {
      arrived++;
      MessageReader.read(message);
      delivery.disposition(Accepted.getInstance());
      delivery.settle();
    }

    @Override
    public void updated(Delivery delivery) {
      if (Outcomes.isTerminal(delivery.getRemoteState())
          && delivery.getRemoteState() instanceof Rejected refused
          && refused.getError() != null) {
        AmqpError.of(refused.getError());
      }
      if (delivery.remotelySettled()) {
        delivery.settle();
      }
    }

    @Override
    public void connected() {}

    @Override
    public void arrived(byte[] bytes, int length) {}

    @Override
    public void batchDone() {}

    @Override
    public void writeFailed(Throwable cause) {}

    @Override
    public void broken(Throwable cause) {}
  }

  /** A loop that runs its tasks when asked; its time stands still. */
  private static final class Tasks implements Loop {
    private final Deque<Runnable> tasks = new ArrayDeque<>();

    void run() {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }

    @Override
    public void execute(Runnable task) {
      tasks.add(task);
    }

    @Override
    public Alarm schedule(Duration delay, Runnable task) {
      return () -> {};
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public Instant now() {
      return Instant.EPOCH;
    }

    @Override
    public long nanoTime() {
      return 0;
    }
  }
}
