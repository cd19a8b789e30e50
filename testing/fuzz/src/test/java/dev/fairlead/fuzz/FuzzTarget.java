package dev.fairlead.fuzz;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;

/** All targets. Each is a class with a method {@code fuzzerTestOneInput(byte[])}. */
enum FuzzTarget {
  MQTT_PACKETS(dev.fairlead.mqtt.PacketsFuzz.class, 4096),
  MQTT_TOPICS(dev.fairlead.mqtt.TopicsFuzz.class, 1024),
  PROPERTY_BAG(dev.fairlead.mqtt.PropertyBagFuzz.class, 1024),
  AMQP_ENGINE(dev.fairlead.amqp.EngineFuzz.class, 4096),
  AMQP_MESSAGE(dev.fairlead.amqp.MessageFuzz.class, 2048),
  WEBSOCKET_FRAMES(dev.fairlead.net.WebSocketFramesFuzz.class, 4096),
  WEBSOCKET_UPGRADE(dev.fairlead.net.WebSocketUpgradeFuzz.class, 2048),
  HTTP_PROXY(dev.fairlead.net.HttpProxyFuzz.class, 4096),
  SOCKS_PROXY(dev.fairlead.net.SocksProxyFuzz.class, 512),
  HOST_NAME(dev.fairlead.net.HostNameFuzz.class, 512),
  HTTPS_ANSWER(dev.fairlead.https.http.AnswerFuzz.class, 4096),
  UPLOAD_GRANT(dev.fairlead.https.upload.GrantFuzz.class, 1024),
  POLL_LEDGER(dev.fairlead.https.poll.LedgerFuzz.class, 600),
  SAS_TOKEN(dev.fairlead.auth.SasTokenFuzz.class, 1024),
  CONNECTION_STRING(dev.fairlead.auth.ConnectionStringFuzz.class, 1024),
  PEM(dev.fairlead.auth.PemFuzz.class, 4096),
  DER_KEY(dev.fairlead.auth.DerKeyFuzz.class, 4096),
  PROXY_VARIABLE(dev.fairlead.ProxyVariableFuzz.class, 512),
  JSON(dev.fairlead.json.JsonFuzz.class, 2048),
  TWIN(dev.fairlead.inbound.TwinFuzz.class, 2048),
  HUB_ERROR(dev.fairlead.transport.HubErrorFuzz.class, 2048),
  HUB_MQTT(dev.fairlead.localhub.mqtt.HubMqttFuzz.class, 4096),
  HUB_AMQP(dev.fairlead.localhub.amqp.HubAmqpFuzz.class, 4096),
  HUB_AMQP_MESSAGE(dev.fairlead.localhub.amqp.HubMessageFuzz.class, 2048),
  HUB_WEB(dev.fairlead.localhub.web.HubWebFuzz.class, 4096),
  HUB_TEXT(dev.fairlead.localhub.HubTextFuzz.class, 1024),
  OUTBOX_RECORD(dev.fairlead.sqlite.OutboxRecordFuzz.class, 1024),
  OUTBOX_FILE(dev.fairlead.sqlite.OutboxFileFuzz.class, 1024);

  private final int longest;
  private final MethodHandle run;

  /**
   * A target.
   *
   * @param type the class
   * @param longest the longest input worth trying, in bytes
   */
  FuzzTarget(Class<?> type, int longest) {
    this.longest = longest;
    try {
      run =
          MethodHandles.publicLookup()
              .findStatic(
                  type, "fuzzerTestOneInput", MethodType.methodType(void.class, byte[].class));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " is no target", e);
    }
  }

  /** The name of its corpus, and for the long run. */
  String title() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static FuzzTarget titled(String title) {
    return valueOf(title.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  int longest() {
    return longest;
  }

  /** Whether it only parses: it touches no file. */
  boolean pure() {
    return this != OUTBOX_FILE;
  }

  /** Runs it once; it throws if it finds something. */
  void run(byte[] input) throws Throwable {
    run.invoke(input);
  }
}
