/** The AMQP transport. */
module dev.fairlead.amqp {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.net;
  requires org.apache.qpid.proton.j;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.fairlead.amqp;

  provides dev.fairlead.spi.TransportProvider with
      dev.fairlead.amqp.AmqpTransport;
}
