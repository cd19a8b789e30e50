package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceOptions;
import dev.fairlead.Gateway;
import dev.fairlead.TelemetryMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * The base of every part of the contract for shared connections: a fresh harness for each test, and
 * after each test a check that closing left neither a connection nor a thread.
 */
public abstract class MultiplexCase {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ThreadWatch threads = new ThreadWatch();
  private @Nullable MultiplexHarness harness;

  /** Called by subclasses. */
  protected MultiplexCase() {}

  /**
   * Creates the transport under test and a hub for it.
   *
   * @return a harness, which the test closes
   */
  protected abstract MultiplexHarness newHarness();

  /**
   * The transport under test, created for each test.
   *
   * @return the harness of this test
   */
  protected final MultiplexHarness harness() {
    if (harness == null) {
      throw new IllegalStateException(
          "The harness only exists during a test. Use it inside a test method.");
    }
    return harness;
  }

  @BeforeEach
  final void setUp() {
    harness = newHarness();
    threads.begin();
  }

  @AfterEach
  final void tearDown() throws Exception {
    try {
      while (!opened.isEmpty()) {
        opened.pop().close();
      }
      Await.until("every connection is closed", () -> connections() == 0);
      threads.assertNoneLeft(harness()::ownsThread);
    } finally {
      harness().close();
    }
  }

  final Gateway gateway() {
    return closeLater(harness().gateway().build());
  }

  final Map<String, DeviceClient> open(Gateway gateway, int count) {
    Map<String, DeviceClient> devices = new LinkedHashMap<>();
    ids(count).forEach(id -> devices.put(id, start(harness().device(gateway, id))));
    devices.values().forEach(device -> Await.result(device.open()));
    Await.until(
        "all are connected",
        () -> devices.values().stream().allMatch(each -> each.state() instanceof Connected));
    return devices;
  }

  static DeviceClient start(DeviceOptions<?> builder) {
    DeviceClient client = builder.build();
    assertThat(client.open()).isNotNull();
    return client;
  }

  static DeviceClient open(DeviceOptions<?> builder) {
    DeviceClient client = start(builder);
    Await.result(client.open());
    return client;
  }

  /** Each state with its start time, which differs for a session that was opened again. */
  static List<Object> states(Map<String, DeviceClient> devices, String but) {
    List<Object> states = new ArrayList<>();
    devices.forEach(
        (id, device) -> {
          if (!id.equals(but)) {
            states.add(id);
            states.add(device.state());
          }
        });
    return states;
  }

  final int connections() {
    return harness().hub("dev-0").openConnections();
  }

  final <T extends AutoCloseable> T closeLater(T thing) {
    opened.push(thing);
    return thing;
  }

  static List<String> ids(int count) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ids.add("dev-" + i);
    }
    return ids;
  }

  static <T> T at(Map<String, T> map, String id) {
    return Objects.requireNonNull(map.get(id), id);
  }

  static TelemetryMessage text(String text) {
    return TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8));
  }

  final List<String> received(String id) {
    return harness().hub(id).telemetry().stream().map(ReceivedTelemetry::text).toList();
  }

  static List<String> texts(String id, int count) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(id + " " + i);
    }
    return texts;
  }
}
