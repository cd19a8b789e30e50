package dev.fairlead.benchmarks;

import org.eclipse.paho.client.mqttv3.MqttException;

/** A client that sends telemetry at QoS 1. */
interface TelemetryLine extends AutoCloseable {
  /** Sends so many messages and returns when all are acknowledged. */
  void send(int count, byte[] body) throws Exception;

  @Override
  void close() throws MqttException;
}
