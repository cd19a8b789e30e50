package dev.fairlead.mqtt;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.transport.Overdue;
import dev.fairlead.transport.SessionFailures;
import java.io.IOException;
import java.time.Duration;
import org.eclipse.paho.client.mqttv3.MqttException;

/** The failures of MQTT sessions: CONNACK, SUBACK, and a cut without a reason. */
final class MqttFailures {
  /** This client cut the connection. */
  static final class Aborted extends IOException {
    private static final long serialVersionUID = 1;

    Aborted() {
      super("cut by this client");
    }
  }

  private final String identity;
  private final Endpoint endpoint;
  private final boolean certificate;
  private final SessionFailures session;

  MqttFailures(String identity, Endpoint endpoint, Credential credential) {
    this.identity = identity;
    this.endpoint = endpoint;
    certificate = credential instanceof Credential.Certificate;
    session = new SessionFailures("MQTT", identity, endpoint, certificate);
  }

  /** CONNACK's return code. [MQTT-3.2.2.3]; IoT Hub answers 5 to every refused connection. */
  private HubException refused(int code) {
    return switch (code) {
      case 4, 5 ->
          new UnauthorizedException(
              endpoint
                  + " refused "
                  + identity
                  + " (CONNACK "
                  + code
                  + "); MQTT gives no other reason. The "
                  + (certificate ? "certificate" : "key or token")
                  + " may be wrong or expired, the device may be unknown or disabled, the hub name"
                  + " may be another hub's, or this machine's clock may be wrong.",
              Progress.NOT_SENT);
      case 1 ->
          session.notOpened(
              "it does not support MQTT 3.1.1 (CONNACK 1). Check host and port: is it an IoT hub?",
              null);
      case 2 ->
          session.notOpened(
              "it does not accept the client id (CONNACK 2). Check the device id's spelling and that"
                  + " this is an IoT hub.",
              null);
      case 3 ->
          session.notOpened(
              "it is not available at the moment (CONNACK 3). This is temporary; retry.", null);
      default ->
          session.notOpened(
              "it answered with an unknown CONNACK code, " + code + ". Check host and port.", null);
    };
  }

  /** A feed was not granted (SUBACK 0x80). [MQTT-3.9.3] */
  HubException notSubscribed(String filter) {
    return session.notOpened(
        "it refused the subscription to "
            + filter
            + ". The device's permissions or the hub's tier may not include it.",
        null);
  }

  /** Nothing arrived, not even the answer to a ping. */
  HubException silent(Duration silent, String owed, Progress progress) {
    return session.silent(silent, owed, progress);
  }

  /** The peer has stopped reading. */
  HubException unread(Overdue overdue) {
    return new UnreachableException(
        endpoint
            + " has read nothing for "
            + Overdue.inWords(overdue.waited())
            + " although "
            + overdue.count()
            + (overdue.count() == 1 ? " packet waits" : " packets wait")
            + " to be sent. A new session sends unacknowledged messages again; the network or "
            + "the hub"
            + " may be overloaded.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        null);
  }

  /** Why an opening failed. */
  HubException notOpened(Throwable cause) {
    if (cause instanceof Aborted) {
      return session.aborted(false, Progress.NOT_SENT);
    }
    if (cause instanceof PacketReader.Refusal refusal) {
      return refused(refusal.code());
    }
    if (cause instanceof PacketReader.ProtocolBreach breach) {
      return session.breach(String.valueOf(breach.getMessage()), false, Progress.NOT_SENT, cause);
    }
    if (cause instanceof MqttException paho
        && paho.getReasonCode() > 0
        && paho.getReasonCode() < 6) {
      return refused(paho.getReasonCode());
    }
    return session.brokeOpening(unwrapped(cause));
  }

  /** Why an open session ended unexpectedly. */
  HubException lost(Throwable cause, Progress progress) {
    if (cause instanceof Aborted) {
      return session.aborted(true, progress);
    }
    if (cause instanceof PacketReader.ProtocolBreach breach) {
      return session.breach(String.valueOf(breach.getMessage()), true, progress, cause);
    }
    Throwable reason = unwrapped(cause);
    if (SessionFailures.endedByPeer(reason)) {
      return new UnreachableException(
          endpoint
              + " cut the MQTT session of "
              + identity
              + " ("
              + SessionFailures.describe(reason)
              + "). MQTT 3.1.1 lets the hub give no reason. The usual ones are: the token expired,"
              + " another connection with the same id took over, too many messages a second or a"
              + " day, a message that is too large, a topic that the hub does not support, a device"
              + " that was disabled or deleted, or maintenance.",
          Stage.CUT_BY_HUB,
          progress,
          cause);
    }
    return session.broke(reason, progress);
  }

  /** Paho's exceptions have no text of their own if they wrap another one. */
  private static Throwable unwrapped(Throwable cause) {
    Throwable within = cause.getCause();
    return cause instanceof MqttException && within != null ? within : cause;
  }

  /** A request to a session that has ended. */
  HubException over(Progress progress) {
    return session.over(progress);
  }
}
