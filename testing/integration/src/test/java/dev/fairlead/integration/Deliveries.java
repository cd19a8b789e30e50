package dev.fairlead.integration;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What became of the messages of {@link DurableDevices}, by the hub's log and the file of promises.
 *
 * @param stored how many were confirmed as stored
 * @param arrived how many the hub has received at least once
 * @param twice how often the hub has received one again
 * @param lost stored, and never received
 * @param unknown received, and never sent
 * @param outOfOrder received for the first time behind a later one of the same device
 */
record Deliveries(
    long stored,
    long arrived,
    long twice,
    List<String> lost,
    List<String> unknown,
    List<String> outOfOrder) {

  static Deliveries of(DurableDevices.Setup setup, List<String> log) throws IOException {
    Map<String, List<Long>> byDevice = new HashMap<>();
    for (String line : log) {
      JsonObject message = JsonParser.parseString(line).getAsJsonObject();
      byDevice
          .computeIfAbsent(message.get("deviceId").getAsString(), id -> new ArrayList<>())
          .add(number(message));
    }
    long stored = 0;
    long arrived = 0;
    long all = 0;
    List<String> lost = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    List<String> outOfOrder = new ArrayList<>();
    for (int i = 0; i < setup.devices(); i++) {
      String id = DurableDevices.Setup.id(i);
      List<Long> numbers = byDevice.getOrDefault(id, List.of());
      Set<Long> firsts = new LinkedHashSet<>(numbers);
      Set<Long> promised = promised(setup, "s", i);
      stored += promised.size();
      arrived += firsts.size();
      all += numbers.size();
      addWithout(id, promised, firsts, lost);
      addWithout(id, firsts, promised(setup, "a", i), unknown);
      long last = 0;
      for (long number : firsts) {
        if (number < last) {
          outOfOrder.add(id + " " + number);
        }
        last = Math.max(last, number);
      }
    }
    return new Deliveries(stored, arrived, all - arrived, lost, unknown, outOfOrder);
  }

  private static void addWithout(String id, Set<Long> all, Set<Long> these, List<String> rest) {
    for (long each : all) {
      if (!these.contains(each)) {
        rest.add(id + " " + each);
      }
    }
  }

  /** The numbers after {@code a} or {@code s}; a line that was cut by a kill does not count. */
  static Set<Long> promised(DurableDevices.Setup setup, String kind, int device)
      throws IOException {
    Set<Long> numbers = new TreeSet<>();
    if (!Files.exists(setup.promises())) {
      return numbers;
    }
    String start = kind + " " + device + " ";
    try (Stream<String> lines = Files.lines(setup.promises(), StandardCharsets.US_ASCII)) {
      lines
          .filter(line -> line.startsWith(start))
          .map(line -> line.substring(start.length()))
          .filter(text -> text.matches("\\d+"))
          .map(Long::valueOf)
          .forEach(numbers::add);
    }
    return numbers;
  }

  private static long number(JsonObject line) {
    byte[] body = Base64.getDecoder().decode(line.get("body").getAsString());
    return Long.parseLong(new String(body, StandardCharsets.US_ASCII));
  }
}
