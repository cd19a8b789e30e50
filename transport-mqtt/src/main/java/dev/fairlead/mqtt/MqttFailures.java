package dev.fairlead.mqtt;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.ThrottledException;
import dev.fairlead.UnauthorizedException;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.jspecify.annotations.Nullable;

/** The one table from what MQTT shows to the failures of the client. */
final class MqttFailures {
  /** This client cut the connection. */
  static final class Aborted extends IOException {
    private static final long serialVersionUID = 1;

    Aborted() {
      super("cut by this client");
    }
  }

  private static final int MAX_BODY_READ = 4096;
  private static final Pattern ERROR_CODE = Pattern.compile("\"errorCode\"\\s*:\\s*(\\d{3,9})\\b");
  private static final Pattern MESSAGE =
      Pattern.compile("\"[Mm]essage\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.){0,500}+)");

  private final String identity;
  private final Endpoint endpoint;
  private final Credential credential;

  MqttFailures(String identity, Endpoint endpoint, Credential credential) {
    this.identity = identity;
    this.endpoint = endpoint;
    this.credential = credential;
  }

  /** CONNACK's return code. [MQTT-3.2.2.3]; IoT Hub answers 5 to whatever it does not let in. */
  HubException refused(int code) {
    return switch (code) {
      case 4, 5 ->
          new UnauthorizedException(
              endpoint
                  + " refused "
                  + identity
                  + " (CONNACK "
                  + code
                  + "). The hub says no more than that: the "
                  + (credential instanceof Credential.Token ? "key or token" : "certificate")
                  + " may be wrong or expired, the device may be unknown or disabled, the hub name"
                  + " may be another hub's, or this machine's clock may be wrong.",
              Progress.NOT_SENT);
      case 1 ->
          opening(
              "it does not take MQTT 3.1.1 (CONNACK 1). Is it an IoT hub? Check host and port.",
              null);
      case 2 ->
          opening(
              "it does not take the client id \""
                  + identity
                  + "\" (CONNACK 2). Check the device id's spelling and that this is an IoT hub.",
              null);
      case 3 ->
          opening(
              "it is not available at the moment (CONNACK 3). That passes; trying again is right.",
              null);
      default -> opening("it answered with an unknown CONNACK code, " + code + ".", null);
    };
  }

  private UnreachableException opening(String why, @Nullable Throwable cause) {
    return new UnreachableException(
        "No MQTT session with " + endpoint + ": " + why, Stage.OPEN, Progress.NOT_SENT, cause);
  }

  /** The opening took too long. */
  HubException slow(boolean reached, boolean connected, Duration limit) {
    String step =
        connected
            ? "the hub did not answer SUBSCRIBE"
            : reached ? "the hub did not answer CONNECT" : "no connection came about";
    return new UnreachableException(
        "No MQTT session with "
            + endpoint
            + ": "
            + step
            + " within "
            + limit.toMillis()
            + " ms. A proxy or firewall that swallows data does this; so does an overloaded hub.",
        reached ? Stage.OPEN : Stage.CONNECT,
        Progress.NOT_SENT,
        null);
  }

  /** A feed was not granted (SUBACK 0x80). [MQTT-3.9.3] */
  HubException notSubscribed(String filter) {
    return opening(
        "it refused the subscription to "
            + filter
            + ". The device's permissions or the hub's tier may not include it.",
        null);
  }

  private HubException aborted(boolean open, Progress progress) {
    return new UnreachableException(
        "The MQTT session of " + identity + " was cut by this client.",
        open ? Stage.SESSION : Stage.OPEN,
        progress,
        null);
  }

  /** Nothing came back in time. */
  HubException silent(Duration waited, Progress progress) {
    return new UnreachableException(
        "Nothing came from "
            + endpoint
            + " within "
            + waited.toMillis()
            + " ms, not even an answer to a ping: the line is dead. The network between may be down.",
        Stage.SESSION,
        progress,
        null);
  }

  /** Pings are answered, and telemetry is not acknowledged. */
  HubException unacknowledged(int messages, Duration waited) {
    return new UnreachableException(
        "The hub at "
            + endpoint
            + " answers pings and has acknowledged no telemetry for "
            + waited.toMillis()
            + " ms, while "
            + messages
            + (messages == 1 ? " message waits" : " messages wait")
            + ": this session is of no use any more. A new one sends them again.",
        Stage.SESSION,
        Progress.MAYBE_SENT,
        null);
  }

  /** Why an opening failed. */
  HubException notOpened(Throwable cause) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof Aborted) {
      return aborted(false, Progress.NOT_SENT);
    }
    if (cause instanceof PacketReader.Refusal refusal) {
      return refused(refusal.code());
    }
    if (cause instanceof PacketReader.ProtocolBreach breach) {
      return opening(
          "it sent "
              + breach.getMessage()
              + ". It is no IoT hub, or something tampers with the"
              + " data in between.",
          cause);
    }
    if (cause instanceof EOFException) {
      return opening(
          "it closed the connection before the session was open. A hub does this when too many"
              + " devices connect at once, or for a user name it cannot read; a proxy does it to"
              + " what is not HTTPS.",
          cause);
    }
    if (certificateAlert(cause)) {
      return new UnauthorizedException(
          endpoint
              + " refused the certificate of "
              + identity
              + " ("
              + cause.getMessage()
              + "). Check that it is the one registered, and its dates.",
          Progress.NOT_SENT,
          cause);
    }
    if (cause instanceof MqttException paho
        && paho.getReasonCode() > 0
        && paho.getReasonCode() < 6) {
      return refused(paho.getReasonCode());
    }
    return opening("the connection broke: " + describe(cause) + ".", cause);
  }

  /** TLS 1.3 servers refuse a client certificate only after the client has finished. */
  private boolean certificateAlert(Throwable cause) {
    String text = String.valueOf(cause.getMessage());
    return cause instanceof SSLException
        && credential instanceof Credential.Certificate
        && (text.contains("certificate") || text.contains("unknown_ca"));
  }

  /** Why an open session ended unasked. */
  HubException lost(Throwable cause, Progress progress) {
    if (cause instanceof HubException mapped) {
      return mapped;
    }
    if (cause instanceof Aborted) {
      return aborted(true, progress);
    }
    if (cause instanceof PacketReader.ProtocolBreach breach) {
      return new UnreachableException(
          "The MQTT session of "
              + identity
              + " was ended, for "
              + endpoint
              + " sent "
              + breach.getMessage()
              + ". Something between may tamper with the data.",
          Stage.SESSION,
          progress,
          cause);
    }
    if (byPeer(cause)) {
      return new UnreachableException(
          endpoint
              + " cut the MQTT session of "
              + identity
              + " ("
              + describe(cause)
              + "). MQTT 3.1.1 lets the hub give no reason; the usual ones are: the token's time was"
              + " over, another connection with the same id took over, too many messages a second"
              + " or a day, a message too large, a topic the hub does not know, the device disabled"
              + " or deleted, or maintenance.",
          Stage.CUT_BY_HUB,
          progress,
          cause);
    }
    return new UnreachableException(
        "The MQTT session of "
            + identity
            + " with "
            + endpoint
            + " broke: "
            + describe(cause)
            + ".",
        Stage.SESSION,
        progress,
        cause);
  }

  /** Whether the other side ended the connection, as told from a network that gave way. */
  private static boolean byPeer(Throwable cause) {
    if (cause instanceof EOFException) {
      return true;
    }
    String text = String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT);
    if (cause instanceof SSLException) {
      return text.contains("fatal alert")
          || text.contains("close_notify")
          || (cause.getCause() != null && byPeer(cause.getCause()));
    }
    // Sockets and channels throw different types with the same texts.
    return cause instanceof IOException
        && (text.contains("reset") || text.contains("broken pipe") || text.contains("aborted"));
  }

  private static String describe(Throwable cause) {
    if (cause instanceof SocketTimeoutException) {
      return "time-out";
    }
    if (cause instanceof MqttException && cause.getCause() != null) {
      return describe(cause.getCause());
    }
    String text = cause.getMessage();
    return text == null ? cause.getClass().getSimpleName() : text;
  }

  /** A twin operation's status. IoT Hub: "Understand and use device twins", MQTT page. */
  static HubException twin(int status, byte[] body, OptionalLong retryAfterSeconds) {
    String text = new String(body, 0, Math.min(body.length, MAX_BODY_READ), StandardCharsets.UTF_8);
    Matcher coded = ERROR_CODE.matcher(text);
    int code = coded.find() ? Integer.parseInt(coded.group(1)) : status;
    Matcher told = MESSAGE.matcher(text);
    String why =
        " (status "
            + status
            + (code == status ? "" : ", error " + code)
            + ")"
            + (told.find() ? ": " + told.group(1) : "")
            + ". ";
    if (status == 429) {
      Duration wait =
          retryAfterSeconds.isPresent()
              ? Duration.ofSeconds(Math.min(retryAfterSeconds.getAsLong(), 86_400))
              : null;
      return new ThrottledException(
          "The hub asks for fewer twin operations" + why + "Wait before the next one.",
          Progress.MAYBE_SENT,
          wait);
    }
    if (status >= 500 && status < 600) {
      return new UnreachableException(
          "The hub could not carry out the twin operation" + why + "Trying again is right.",
          Stage.SESSION,
          Progress.MAYBE_SENT,
          null);
    }
    return new RejectedException(
        "The hub refused the twin operation"
            + why
            + "Check the document against the twin's limits: 32 KB, depth 10, no null values, keys"
            + " without dot, dollar and space.",
        Progress.MAYBE_SENT,
        code);
  }

  /** What is asked of a session that has ended. */
  HubException ended(Progress progress) {
    return new UnreachableException(
        "The MQTT session of " + identity + " has ended.", Stage.SESSION, progress, null);
  }
}
