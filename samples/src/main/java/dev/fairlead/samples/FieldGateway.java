package dev.fairlead.samples;

import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Gateway;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Trust;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.TransportPolicy;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A field gateway: sensors on serial lines, each with an identity of its own at the hub, all over
 * one upstream connection. The pump's serial line fails and recovers. While it is down the hub
 * shows the pump as disconnected; the other sensors are unaffected. Direct methods of a sensor are
 * answered by the gateway.
 */
public final class FieldGateway {
  private static final List<String> SENSORS = List.of("boiler", "pump", "tank", "valve");
  private static final int READINGS = 8;

  private FieldGateway() {}

  /**
   * Runs the sample.
   *
   * @param args none
   * @throws Exception if the sample fails or does not finish in time
   */
  public static void main(String[] args) throws Exception {
    ExecutorService readers = Executors.newFixedThreadPool(SENSORS.size());
    try (LocalHub hub = LocalHub.start();
        Gateway gateway =
            Gateway.builder()
                .policy(TransportPolicy.gateway(SENSORS.size()))
                .endpoint(Protocol.AMQP, at(hub, hub.amqpPort()))
                .endpoint(Protocol.AMQP_WS, at(hub, hub.httpsPort()))
                .build()) {
      System.out.println(gateway.plan().explain());
      for (String name : SENSORS) {
        Device registered = hub.createDevice(name);
        readers.execute(new Sensor(name, registered.connectionString(), gateway));
      }
      hub.telemetry().await(SENSORS.size() * READINGS / 2, Duration.ofSeconds(30));
      say(
          "cloud",
          "the valve answers "
              + hub.device("valve")
                  .orElseThrow()
                  .invokeMethod("open", "{}", Duration.ofSeconds(5), Duration.ofSeconds(5))
                  .get(15, TimeUnit.SECONDS)
                  .payload());
      say("gateway", gateway.status());
      int all = hub.telemetry().await(SENSORS.size() * READINGS, Duration.ofSeconds(30)).size();
      say("cloud", all + " readings have arrived. Done.");
    } finally {
      readers.shutdownNow();
    }
  }

  private static Endpoint at(LocalHub hub, int port) {
    return new Endpoint("localhost", port, Trust.only(List.of(hub.caCertificate())));
  }

  private static void say(String who, Object what) {
    System.out.printf("%-7s %s%n", who, what);
  }

  /** Reads one serial line and sends its readings under the identity of the sensor. */
  private record Sensor(String name, String connectionString, Gateway gateway) implements Runnable {
    @Override
    public void run() {
      AtomicInteger readings = new AtomicInteger();
      while (readings.get() < READINGS) {
        // The device is connected only while its serial line works, so the hub shows its state.
        try (DeviceClient device =
            gateway
                .device(connectionString)
                .onMethod("open", request -> MethodResponse.ok("{\"opened\":true}"))
                .build()) {
          device.blocking(Duration.ofMinutes(1)).open();
          say(name, "connected");
          readUntilFailure(device, readings);
        } catch (IOException e) {
          say(name, "serial line failed: " + e.getMessage());
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private void readUntilFailure(DeviceClient device, AtomicInteger readings)
        throws IOException, InterruptedException {
      SerialLine line = new SerialLine(name, readings.get());
      while (readings.get() < READINGS) {
        // The future is not awaited: the outbox keeps the order, and close() sends what is queued.
        device.send(TelemetryMessage.json(line.read())).exceptionally(this::lost);
        readings.incrementAndGet();
      }
    }

    private Void lost(Throwable failure) {
      say(name, "a reading was lost: " + failure.getMessage());
      return null;
    }
  }

  /** Simulates a serial port with a sensor. */
  private static final class SerialLine {
    private static final AtomicBoolean PUMP_WILL_FAIL = new AtomicBoolean(true);

    private final String sensor;
    private int reading;

    SerialLine(String sensor, int reading) throws InterruptedException {
      this.sensor = sensor;
      this.reading = reading;
      TimeUnit.MILLISECONDS.sleep(300);
    }

    String read() throws IOException, InterruptedException {
      TimeUnit.MILLISECONDS.sleep(100);
      if (sensor.equals("pump")
          && reading == READINGS / 2
          && PUMP_WILL_FAIL.compareAndSet(true, false)) {
        throw new IOException("no carrier; reconnecting");
      }
      reading++;
      return "{\"reading\":" + reading + ",\"celsius\":" + (20 + reading % 3) + "}";
    }
  }
}
