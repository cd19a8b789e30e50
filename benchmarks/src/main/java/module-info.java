/** Whole-process runs beside the peers. */
module dev.fairlead.benchmarks {
  requires com.google.gson;
  requires dev.fairlead;
  requires dev.fairlead.mqtt;
  requires dev.fairlead.net;
  requires java.management;
  requires org.eclipse.paho.client.mqttv3;
  requires org.slf4j;
  requires static org.jspecify;
}
