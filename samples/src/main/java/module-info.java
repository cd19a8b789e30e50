/** Samples: one file each, short, compiled and run by the build. */
module dev.fairlead.samples {
  requires dev.fairlead;
  requires dev.fairlead.amqp;
  requires dev.fairlead.https;
  requires dev.fairlead.localhub;
  requires dev.fairlead.mqtt;
  requires dev.fairlead.outbox.sqlite;
  requires io.netty.codec.mqtt;
  requires io.vertx.core;
  requires io.vertx.mqtt;
  requires jdk.management;
  requires org.eclipse.paho.client.mqttv3;
  requires static org.jspecify;
}
