/** The device client, the transport policy, the outbox and the transport SPI. */
module dev.fairlead {
  requires org.slf4j;
  requires com.google.gson;
  requires static transitive org.jspecify;

  exports dev.fairlead;
  exports dev.fairlead.auth;
  exports dev.fairlead.policy;
  exports dev.fairlead.spi;

  uses dev.fairlead.spi.TransportProvider;
}
