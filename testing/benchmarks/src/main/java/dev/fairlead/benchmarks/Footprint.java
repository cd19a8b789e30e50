package dev.fairlead.benchmarks;

import com.google.gson.Gson;
import dev.fairlead.DeviceClient;
import dev.fairlead.mqtt.MqttTransport;
import dev.fairlead.net.Dialer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.slf4j.Logger;

/** The libraries that an application on MQTT has at run time, by one class of each. */
final class Footprint {
  private static final List<Class<?>> LIBRARIES =
      List.of(
          DeviceClient.class,
          Dialer.class,
          MqttTransport.class,
          MqttAsyncClient.class,
          Gson.class,
          Logger.class);

  private Footprint() {}

  /**
   * Lines to print; the libraries are jars only after {@code package}, not after {@code compile}.
   */
  static List<String> lines() throws IOException, URISyntaxException {
    long total = 0;
    Stream.Builder<String> lines = Stream.builder();
    for (Class<?> library : LIBRARIES) {
      Path place = Path.of(library.getProtectionDomain().getCodeSource().getLocation().toURI());
      long bytes = size(place);
      total += bytes;
      lines.add(String.format("%,9d  %s", bytes, place.getFileName()));
    }
    lines.add(String.format("%,9d  bytes in %d jars", total, LIBRARIES.size()));
    return lines.build().toList();
  }

  private static long size(Path place) throws IOException {
    if (Files.isRegularFile(place)) {
      return Files.size(place);
    }
    try (Stream<Path> files = Files.walk(place)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }
}
