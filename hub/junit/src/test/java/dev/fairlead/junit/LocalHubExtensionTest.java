package dev.fairlead.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.fairlead.ClientClosedException;
import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.policy.TransportPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/** Runs test classes as JUnit does, and checks what was injected and what remains afterwards. */
class LocalHubExtensionTest {
  private static final Queue<LocalHub> HUBS = new ConcurrentLinkedQueue<>();
  private static final Queue<Device> DEVICES = new ConcurrentLinkedQueue<>();
  private static final Queue<Protocol> PROTOCOLS = new ConcurrentLinkedQueue<>();
  private static final Queue<DeviceClient> CLIENTS = new ConcurrentLinkedQueue<>();
  private static final Queue<CompletableFuture<Void>> SENT = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void forget() {
    HUBS.clear();
    DEVICES.clear();
    CLIENTS.clear();
    PROTOCOLS.clear();
    SENT.clear();
  }

  private static EngineExecutionResults run(Class<?> tests) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(tests))
        .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
        .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
        .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "4")
        .execute();
  }

  private static void assertAllGreen(EngineExecutionResults results, int tests) {
    results.testEvents().assertStatistics(all -> all.succeeded(tests).failed(0).aborted(0));
    results.containerEvents().assertStatistics(all -> all.failed(0));
  }

  @Test
  void testsInParallelHaveAHubAndADeviceEach() {
    assertAllGreen(run(EachItsOwn.class), 8);
    assertThat(HUBS).hasSize(8).doesNotHaveDuplicates();
    assertThat(DEVICES).hasSize(8).doesNotHaveDuplicates();
    assertThat(HUBS).noneMatch(LocalHub::isOnline);
  }

  @Test
  void aHubTakenInBeforeAllIsSharedAndTheDevicesAreNot() {
    assertAllGreen(run(OneForAll.class), 8);
    assertThat(HUBS).hasSize(8).containsOnly(HUBS.element());
    assertThat(Set.copyOf(DEVICES)).hasSize(8);
    assertThat(HUBS.element().isOnline()).isFalse();
  }

  @Test
  void whatATestForgotIsClosed() {
    assertAllGreen(run(Forgetful.class), 1);
    assertThat(CLIENTS).hasSize(2);
    assertThat(CLIENTS).allMatch(client -> client.state() instanceof ConnectionState.Closed);
    assertThat(SENT)
        .singleElement()
        .satisfies(
            sent ->
                assertThat(sent)
                    .failsWithin(Duration.ofSeconds(20))
                    .withThrowableThat()
                    .withCauseInstanceOf(ClientClosedException.class));
    assertThat(threadsOf(DEVICES.element())).isEmpty();
  }

  @Test
  void aBuilderReachesTheHubByEveryProtocol() {
    assertAllGreen(run(EveryProtocol.class), Protocol.values().length);
    assertThat(PROTOCOLS).containsExactlyInAnyOrder(Protocol.values());
  }

  @Test
  void aGatewayCarriesSeveralDevicesAndIsClosed() {
    assertAllGreen(run(SeveralDevices.class), 1);
    assertThat(CLIENTS).hasSize(2);
    assertThat(CLIENTS).allMatch(client -> client.state() instanceof ConnectionState.Closed);
  }

  @Test
  void optionsReachTheHub() {
    assertAllGreen(run(WithOptions.class), 1);
    assertThat(HUBS).singleElement().satisfies(h -> assertThat(h.hostName()).isEqualTo("a.hub"));
  }

  @Test
  void aDeviceForAWholeClassIsRefusedWithAdvice() {
    run(DeviceTooEarly.class)
        .containerEvents()
        .assertThatEvents()
        .anySatisfy(
            event ->
                assertThat(event.getPayload())
                    .get()
                    .asString()
                    .contains("inject the LocalHub here"));
  }

  private static Set<String> threadsOf(Device device) {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.contains(device.deviceId()))
        .collect(Collectors.toSet());
  }

  /** The constructor, the test, and the methods before and after it get the same objects. */
  @LocalHubTest
  @Execution(ExecutionMode.CONCURRENT)
  static class EachItsOwn {
    private final LocalHub hub;
    private final Device device;

    EachItsOwn(LocalHub hub, Device device) {
      this.hub = hub;
      this.device = device;
    }

    @BeforeEach
    void before(LocalHub same, @DeviceConnectionString String connectionString) {
      assertThat(same).isSameAs(hub);
      assertThat(connectionString).isEqualTo(device.connectionString());
    }

    @RepeatedTest(8)
    void test(LocalHub same, Device sameDevice, DeviceClientBuilder builder) {
      assertThat(same).isSameAs(hub);
      assertThat(sameDevice).isSameAs(device);
      try (DeviceClient client = builder.build()) {
        client.blocking(Duration.ofSeconds(20)).send(sent(client));
      }
      assertThat(hub.telemetry().total()).isEqualTo(1);
      HUBS.add(hub);
      DEVICES.add(device);
    }

    private static TelemetryMessage sent(DeviceClient client) {
      client.open();
      return TelemetryMessage.json("{}");
    }

    @AfterEach
    void after(LocalHub same) {
      assertThat(same).isSameAs(hub);
      assertThat(hub.isOnline()).isTrue();
    }
  }

  @LocalHubTest
  @Execution(ExecutionMode.CONCURRENT)
  static class OneForAll {
    @BeforeAll
    static void before(LocalHub hub) {
      assertThat(hub.isOnline()).isTrue();
    }

    @RepeatedTest(8)
    void test(LocalHub hub, Device device) {
      HUBS.add(hub);
      DEVICES.add(device);
    }
  }

  @LocalHubTest
  static class Forgetful {
    @Test
    void test(
        LocalHub hub, Device device, DeviceClientBuilder one, DeviceClientBuilder neverOpened) {
      DeviceClient client = one.build();
      client.blocking(Duration.ofSeconds(20)).open();
      hub.goOffline();
      SENT.add(client.send(TelemetryMessage.json("{}")));
      CLIENTS.add(client);
      CLIENTS.add(neverOpened.build());
      DEVICES.add(device);
    }
  }

  @LocalHubTest
  static class EveryProtocol {
    @ParameterizedTest
    @EnumSource
    void test(Protocol protocol, LocalHub hub, DeviceClientBuilder builder) {
      DeviceClient client =
          builder.policy(TransportPolicy.builder().only(protocol).build()).build();
      client.open();
      client.blocking(Duration.ofSeconds(20)).send(TelemetryMessage.text("hello"));
      assertThat(hub.telemetry().total()).isEqualTo(1);
      PROTOCOLS.add(client.plan().routes().get(0).protocol());
    }
  }

  @LocalHubTest
  static class SeveralDevices {
    @Test
    void test(
        LocalHub hub,
        GatewayBuilder builder,
        @NamedDevice("boiler") Device boiler,
        @NamedDevice("pump") @DeviceConnectionString String pump,
        @NamedDevice("boiler") Device same,
        Device other) {
      assertThat(same).isSameAs(boiler).isNotSameAs(other);
      assertThat(boiler.deviceId()).startsWith("boiler-");
      Gateway gateway = builder.build();
      for (String connectionString : List.of(boiler.connectionString(), pump)) {
        DeviceClient client = gateway.device(connectionString).build();
        client.open();
        client.blocking(Duration.ofSeconds(20)).send(TelemetryMessage.text("hello"));
        CLIENTS.add(client);
      }
      assertThat(hub.telemetry().receivedFrom(boiler.deviceId())).hasSize(1);
      assertThat(gateway.status().connections()).hasSize(1);
    }
  }

  static class WithOptions {
    @RegisterExtension
    static final LocalHubExtension HUB =
        new LocalHubExtension(LocalHubOptions.defaults().hostName("a.hub"));

    @Test
    void test(LocalHub hub, DeviceClientBuilder builder) {
      builder.build().blocking(Duration.ofSeconds(20)).open();
      HUBS.add(hub);
    }
  }

  @LocalHubTest
  static class DeviceTooEarly {
    @BeforeAll
    static void before(Device device) {
      throw new AssertionError("Given " + device);
    }

    @Test
    void test() {}
  }
}
