package dev.fairlead.mqtt;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxReader;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.paho.client.mqttv3.MqttException;

/**
 * Takes telemetry from the outbox as far as the window has room, sends it at QoS 1, and settles it
 * on its PUBACK, which the hub sends when it has the message safe. Confined to the loop.
 */
final class TelemetryPump {
  private final PahoClient wire;
  private final OutboxReader outbox;
  private final Topics topics;
  private final Loop loop;
  private final Liveness liveness;
  private final int window;
  private final long windowBytes;

  private final AtomicBoolean woken = new AtomicBoolean();
  private boolean running;
  private int inflight;
  private long inflightBytes;
  private long acknowledged;

  TelemetryPump(
      PahoClient wire,
      OutboxReader outbox,
      Topics topics,
      Loop loop,
      Liveness liveness,
      int window,
      long windowBytes) {
    this.wire = wire;
    this.outbox = outbox;
    this.topics = topics;
    this.loop = loop;
    this.liveness = liveness;
    this.window = window;
    this.windowBytes = windowBytes;
  }

  void start() {
    loop.assertInLoop();
    running = true;
    outbox.whenReadable(this::wake);
    pump();
  }

  /** Takes nothing any more. */
  void stop() {
    running = false;
  }

  /** Messages sent and not acknowledged. */
  int inflight() {
    return inflight;
  }

  long inflightBytes() {
    return inflightBytes;
  }

  /** Messages acknowledged so far. */
  long acknowledged() {
    return acknowledged;
  }

  private void wake() {
    if (woken.compareAndSet(false, true)) {
      loop.execute(
          () -> {
            woken.set(false);
            pump();
          });
    }
  }

  /** Fills the window. */
  void pump() {
    loop.assertInLoop();
    while (running && inflight < window && inflightBytes < windowBytes) {
      List<Envelope> taken =
          outbox.take(window - inflight, windowBytes - inflightBytes, topics::telemetrySize);
      if (taken.isEmpty()) {
        return;
      }
      for (Envelope envelope : taken) {
        send(envelope);
      }
    }
  }

  private void send(Envelope envelope) {
    if (!running) {
      envelope.giveBack();
      return;
    }
    String topic = topics.telemetry(envelope.message());
    if (topic.length() > Topics.MAX_TOPIC_BYTES) {
      envelope.failed(
          new RejectedException(
              "The message's properties take "
                  + topic.length()
                  + " bytes when encoded, and MQTT carries at most "
                  + Topics.MAX_TOPIC_BYTES
                  + ". Put the data into the body, or use AMQP.",
              Progress.NOT_SENT));
      return;
    }
    Acknowledgement acknowledgement =
        new Acknowledgement(envelope, topics.telemetrySize(envelope.message()));
    try {
      wire.publish(topic, envelope.message().body(), acknowledgement);
    } catch (MqttException e) {
      // The connection is ending; its end gives everything back, this message included.
      running = false;
      envelope.giveBack();
      return;
    }
    inflight++;
    inflightBytes += acknowledgement.size;
    liveness.watch();
  }

  private final class Acknowledgement extends PahoClient.Sent {
    private final Envelope envelope;
    private final long size;

    Acknowledgement(Envelope envelope, long size) {
      this.envelope = envelope;
      this.size = size;
    }

    @Override
    public void run() {
      acknowledged++;
      inflight--;
      inflightBytes -= size;
      envelope.accepted();
    }
  }
}
