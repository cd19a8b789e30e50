package dev.fairlead.mqtt;

import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Envelope;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.OutboxReader;
import dev.fairlead.transport.Debt;
import dev.fairlead.transport.WakeUp;
import java.util.List;
import org.eclipse.paho.client.mqttv3.MqttException;

/**
 * Takes telemetry from the outbox as far as the window has room, sends it at QoS 1, and settles it
 * on its PUBACK, which the hub sends when it has stored the message. Confined to the loop.
 */
final class TelemetryPump {
  private final PahoClient client;
  private final OutboxReader outbox;
  private final Topics topics;
  private final Loop loop;
  private final Debt acknowledgements;
  private final int window;
  private final long windowBytes;
  private final WakeUp wakeUp;
  private boolean running;

  /**
   * Creates it.
   *
   * @param acknowledgements counts what is sent and not acknowledged
   */
  TelemetryPump(
      PahoClient client,
      OutboxReader outbox,
      Topics topics,
      Loop loop,
      Debt acknowledgements,
      int window,
      long windowBytes) {
    this.client = client;
    this.outbox = outbox;
    this.topics = topics;
    this.loop = loop;
    this.acknowledgements = acknowledgements;
    this.window = window;
    this.windowBytes = windowBytes;
    wakeUp = new WakeUp(loop, this::pump);
  }

  void start() {
    loop.assertInLoop();
    running = true;
    outbox.whenReadable(wakeUp::signal);
    pump();
  }

  /** Takes no more messages. */
  void stop() {
    running = false;
  }

  /** Fills the window. */
  void pump() {
    loop.assertInLoop();
    while (running && acknowledgements.count() < window && acknowledgements.bytes() < windowBytes) {
      List<Envelope> taken =
          outbox.take(
              window - acknowledgements.count(),
              windowBytes - acknowledgements.bytes(),
              topics::telemetrySize);
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
    if (topic.length() > Topics.MAX_TEXT_BYTES) {
      envelope.failed(
          new RejectedException(
              "The message's properties take "
                  + topic.length()
                  + " bytes when encoded, and MQTT carries at most "
                  + Topics.MAX_TEXT_BYTES
                  + ". Put the data into the body, or use AMQP.",
              Progress.NOT_SENT));
      return;
    }
    byte[] body = envelope.message().body();
    long size = Topics.publishSize(topic.length(), body.length);
    if (size > TelemetryMessage.MAX_BYTES) {
      envelope.failed(tooLarge(size));
      return;
    }
    Acknowledgement acknowledgement = new Acknowledgement(envelope, size);
    try {
      client.publish(topic, body, acknowledgement);
    } catch (MqttException e) {
      // The connection is ending; its end returns everything, including this message.
      running = false;
      envelope.giveBack();
      return;
    }
    acknowledgements.owe(acknowledgement.size);
  }

  /**
   * The hub's limit is documented for the message; its front ends count the packet, and cut the
   * connection of a device that sends more.
   */
  private static RejectedException tooLarge(long size) {
    return new RejectedException(
        "The message takes "
            + size
            + " bytes as an MQTT packet, topic and properties included, and the hub takes at most "
            + TelemetryMessage.MAX_BYTES
            + " (256 KB). Make it smaller, or send it by file upload.",
        Progress.NOT_SENT);
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
      acknowledgements.paid(size);
      envelope.accepted();
    }
  }
}
