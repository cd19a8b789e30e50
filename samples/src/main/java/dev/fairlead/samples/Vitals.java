package dev.fairlead.samples;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.StringJoiner;

/** This machine's vitals, as a JSON object. Values that are not available are left out. */
final class Vitals {
  private static final Path CPU_TEMPERATURE = Path.of("/sys/class/thermal/thermal_zone0/temp");
  private static final double MEBIBYTE = 1024 * 1024;

  private Vitals() {}

  static String read() {
    OperatingSystemMXBean machine =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    StringJoiner json = new StringJoiner(",", "{", "}");
    double load = machine.getSystemLoadAverage();
    if (load >= 0) {
      add(json, "load", load);
    }
    add(json, "memoryFreeMiB", machine.getFreeMemorySize() / MEBIBYTE);
    try {
      add(json, "diskFreeMiB", Files.getFileStore(Path.of(".")).getUsableSpace() / MEBIBYTE);
      if (Files.isReadable(CPU_TEMPERATURE)) {
        add(
            json,
            "cpuCelsius",
            Double.parseDouble(Files.readString(CPU_TEMPERATURE).strip()) / 1000);
      }
    } catch (IOException | NumberFormatException e) {
      // A value that cannot be read is left out.
    }
    return json.toString();
  }

  private static void add(StringJoiner json, String name, double value) {
    json.add(String.format(Locale.ROOT, "\"%s\":%.2f", name, value));
  }
}
