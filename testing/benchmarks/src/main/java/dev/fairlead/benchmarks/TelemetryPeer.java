package dev.fairlead.benchmarks;

/** A client that sends telemetry and hears of its acknowledgement. */
interface TelemetryPeer extends AutoCloseable {
  /** Sends so many messages and returns when all are acknowledged. */
  void send(int count, byte[] body) throws Exception;

  @Override
  void close();
}
