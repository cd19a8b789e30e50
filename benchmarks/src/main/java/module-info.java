/** Whole-process runs beside the peers. */
module dev.fairlead.benchmarks {
  requires dev.fairlead;
  requires dev.fairlead.mqtt;
  requires java.management;
  requires io.vertx.core;
  requires io.vertx.proton;
  requires org.apache.qpid.proton.j;
  requires org.eclipse.paho.client.mqttv3;
  requires static org.jspecify;
}
