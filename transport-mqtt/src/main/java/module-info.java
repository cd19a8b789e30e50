/** The MQTT transport. */
module dev.fairlead.mqtt {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.net;
  requires org.eclipse.paho.client.mqttv3;
  // Paho logs to it and, as an automatic module, cannot declare it.
  requires java.logging;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.fairlead.mqtt;

  provides dev.fairlead.spi.TransportProvider with
      dev.fairlead.mqtt.MqttTransport;
}
