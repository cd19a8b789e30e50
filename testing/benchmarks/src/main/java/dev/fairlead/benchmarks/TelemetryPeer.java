package dev.fairlead.benchmarks;

/** A client that sends telemetry and waits for the acknowledgements. */
interface TelemetryPeer extends AutoCloseable {
  /** Sends {@code count} messages and returns when all are acknowledged. */
  void send(int count, byte[] body) throws Exception;

  @Override
  void close();
}
