/** The device client, the transport policy, the outbox and the transport SPI. */
@SuppressWarnings("module") // The modules that core's JSON is open to come after it.
module dev.fairlead {
  requires org.slf4j;
  requires com.google.gson;
  requires static transitive org.jspecify;

  exports dev.fairlead;
  exports dev.fairlead.auth;
  exports dev.fairlead.policy;
  exports dev.fairlead.spi;
  exports dev.fairlead.json to
      dev.fairlead.https;
  exports dev.fairlead.transport to
      dev.fairlead.net,
      dev.fairlead.mqtt,
      dev.fairlead.amqp,
      dev.fairlead.https;

  uses dev.fairlead.spi.TransportProvider;
  uses dev.fairlead.spi.UploadProvider;
}
