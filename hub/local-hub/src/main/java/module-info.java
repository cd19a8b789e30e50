/** The local hub: an embedded hub that speaks the device side of the hub's protocols. */
module dev.fairlead.localhub {
  requires org.slf4j;
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.databind;
  requires io.netty.buffer;
  requires io.netty.codec;
  requires io.netty.codec.http;
  requires io.netty.codec.mqtt;
  requires io.netty.common;
  requires io.netty.handler;
  requires io.netty.transport;
  requires org.apache.qpid.protonj2;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires java.naming;
  requires java.xml;
  requires jdk.httpserver;
  requires static transitive org.jspecify;

  exports dev.fairlead.localhub;
}
