package dev.fairlead.tck;

import static dev.fairlead.Protocol.AMQP;
import static dev.fairlead.Protocol.AMQP_WS;
import static dev.fairlead.Protocol.HTTPS;
import static dev.fairlead.Protocol.MQTT;
import static dev.fairlead.Protocol.MQTT_WS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fairlead.ConnectionOptions;
import dev.fairlead.ConnectionState.Connected;
import dev.fairlead.ConnectionState.Unauthorized;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceIdentity;
import dev.fairlead.FileUpload;
import dev.fairlead.Gateway;
import dev.fairlead.GatewayBuilder;
import dev.fairlead.GatewayDeviceBuilder;
import dev.fairlead.GatewayStatus;
import dev.fairlead.OutboxStatus;
import dev.fairlead.OutboxStoreException;
import dev.fairlead.Progress;
import dev.fairlead.Protocol;
import dev.fairlead.RejectedException;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Route;
import dev.fairlead.auth.Audience;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.auth.Credentials;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.ReasonCode;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.StoredQueue;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.UploadProvider;
import dev.fairlead.tck.memory.InMemoryFault;
import dev.fairlead.tck.memory.InMemoryFault.Point;
import dev.fairlead.tck.memory.InMemoryHub;
import dev.fairlead.tck.memory.InMemoryTransport;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a gateway accepts, what it refuses, and its status. */
class GatewayTest extends GatewayCase {
  /** A transport with the offers of {@code like}, but without the type for shared connections. */
  private TransportProvider unshared(TransportProvider transport) {
    return new TransportProvider() {
      @Override
      public TransportOffer offer() {
        return transport.offer();
      }

      @Override
      public Opening<TransportSession> open(Route route, SessionContext context) {
        return transport.open(route, context);
      }
    };
  }

  private static Set<ReasonCode> reasons(TransportPlan plan, Protocol protocol) {
    return plan.skipped().stream()
        .filter(skipped -> skipped.route().protocol() == protocol)
        .flatMap(skipped -> skipped.reasons().stream())
        .map(TransportPlan.Reason::code)
        .collect(Collectors.toSet());
  }

  // --- the policy ---

  @Test
  void sharingRefusesMqttAndHttps() {
    Gateway gateway = built(gatewayOver(like(MQTT, MQTT_WS, AMQP, AMQP_WS, HTTPS)));
    assertThat(gateway.plan().routes()).containsExactly(route(AMQP), route(AMQP_WS));
    for (Protocol refused : List.of(MQTT, MQTT_WS, HTTPS)) {
      assertThat(reasons(gateway.plan(), refused)).containsExactly(ReasonCode.MULTIPLEX);
    }
  }

  @Test
  void aGatewayWithoutATransportForItIsNotBuilt() {
    NoRouteException refused =
        catchThrowableOfType(
            NoRouteException.class, () -> gatewayOver(like(MQTT, MQTT_WS, HTTPS)).build());
    assertThat(reasons(refused.plan(), MQTT)).contains(ReasonCode.MULTIPLEX);
    assertThat(refused).hasMessageContaining("share one TLS connection");
  }

  @Test
  void aTransportThatDeclaresSeveralWithoutTheTypeIsNotUsedForSharing() {
    assertThatThrownBy(() -> gatewayOver(unshared(like(AMQP))).build())
        .isInstanceOf(NoRouteException.class);
    Gateway gateway =
        built(
            gatewayOver(unshared(like(AMQP)))
                .policy(TransportPolicy.builder().identities(3).build()));
    List<DeviceClient> devices = opened(gateway, 3);
    assertThat(hub.devicesPerConnection()).containsExactly(1, 1, 1);
    assertThat(devices.get(0).plan().explain()).contains("ONE_PER_CONNECTION");
    assertThat(devices.get(0).plan().choices().get(0).connections()).isEqualTo(3);
  }

  @Test
  void oneConnectionEachIsUsedWhereItIsAllowed() {
    Gateway gateway =
        built(gatewayOver(like(MQTT)).policy(TransportPolicy.builder().identities(5).build()));
    List<DeviceClient> devices = opened(gateway, 5);
    assertThat(hub.devicesPerConnection()).containsExactly(1, 1, 1, 1, 1);
    assertThat(loads(gateway)).containsExactly(1, 1, 1, 1, 1);
    assertThat(gateway.plan().explain())
        .contains("ONE_PER_CONNECTION", "One identity per connection: 5 connections.");
    closeOf(devices.get(0));
    Await.until("its connection is closed", () -> loads(gateway).size() == 4);
  }

  /** Any certificate; the transport does not check it. */
  private static Credentials certificate() {
    try (LocalHub issuer = LocalHub.start()) {
      KeyPair keys = KeyPairGenerator.getInstance("EC").generateKeyPair();
      Credential shown =
          new Credential.Certificate(List.of(issuer.caCertificate()), keys.getPrivate());
      return new Credentials() {
        @Override
        public CompletionStage<Credential> issue(Audience audience, Instant now) {
          return CompletableFuture.completedFuture(shown);
        }

        @Override
        public CredentialKind kind() {
          return CredentialKind.X509_THUMBPRINT;
        }

        @Override
        public boolean renewable() {
          return false;
        }
      };
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Records which devices were opened alone; shared connections are in memory. */
  private static final class Listening implements MultiplexingProvider {
    private final InMemoryTransport transport;
    final List<String> alone = new CopyOnWriteArrayList<>();

    Listening(InMemoryTransport transport) {
      this.transport = transport;
    }

    @Override
    public TransportOffer offer() {
      return transport.offer();
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      alone.add(context.identity().deviceId());
      return transport.open(route, context);
    }

    @Override
    public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
      return transport.connect(route, context);
    }
  }

  @Test
  void aCertificateHasAConnectionOfItsOwnWhereThatIsAllowed() {
    Listening transport = new Listening(like(AMQP));
    Gateway gateway =
        built(gatewayOver(transport).policy(TransportPolicy.builder().identities(3).build()));
    DeviceClient leaf = opening(device(gateway, "leaf").credentials(certificate()));
    assertThat(leaf.plan().notes())
        .extracting(TransportPlan.Note::code)
        .containsExactly(ReasonCode.X509_MULTIPLEX);
    assertThat(leaf.plan().explain()).contains("X509_MULTIPLEX", "3 connections.");
    List<DeviceClient> others = opened(gateway, 2);
    Await.until("the leaf was opened", () -> !transport.alone.isEmpty());
    assertThat(transport.alone).containsOnly("leaf");
    assertThat(areConnected(others)).isTrue();
    assertThat(hub.devicesPerConnection()).containsExactly(2);
    assertThat(others.get(0).plan().choices().get(0).connections()).isEqualTo(1);
  }

  @Test
  void aCertificateOnASharedConnectionIsRefusedWhenTheDeviceIsBuilt() {
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)));
    GatewayDeviceBuilder leaf = device(gateway, "leaf").credentials(certificate());
    NoRouteException refused = catchThrowableOfType(NoRouteException.class, leaf::build);
    assertThat(reasons(refused.plan(), AMQP)).containsExactly(ReasonCode.X509_MULTIPLEX);
    assertThat(refused).hasMessageContaining("every identity have a connection of its own");
    // The refusal leaves nothing behind: the same identity may be built with a key.
    opening(device(gateway, "leaf"));
    assertThat(gateway.status().devices()).isEqualTo(1);
  }

  // --- one device and its builder ---

  /** A device sets its own options; for all others the gateway's apply. */
  @Test
  void aDeviceHasNoSetterForConnections() {
    assertThat(ConnectionOptions.class.isAssignableFrom(GatewayDeviceBuilder.class)).isFalse();
    assertThat(ConnectionOptions.class.isAssignableFrom(GatewayBuilder.class)).isTrue();
  }

  @Test
  void aDeviceOfAGatewayWithoutAHubSaysWhatIsMissing() {
    Gateway gateway = built(Gateway.builder().time(time).openTimeout(NEVER).transport(like(AMQP)));
    assertThatIllegalStateException()
        .isThrownBy(() -> device(gateway, "a").build())
        .withMessageContaining("host(…) of Gateway.builder()");
    assertThat(gateway.status().devices()).isZero();
  }

  @Test
  void aPolicyForOneIsNoGatewaysPolicy() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Gateway.builder().policy(TransportPolicy.singleDevice()))
        .withMessageContaining("TransportPolicy.gateway(n)");
  }

  @Test
  void theFirstDeviceSaysWhichHubItIs() {
    Gateway gateway = built(Gateway.builder().time(time).openTimeout(NEVER).transport(like(AMQP)));
    assertThatIllegalStateException()
        .isThrownBy(() -> gateway.device().identity(DeviceIdentity.device("a")).build());
    DeviceClient first =
        opening(
            gateway.device(
                "HostName="
                    + InMemoryHub.HOST
                    + ";DeviceId=a;SharedAccessKey="
                    + hub.device("a").key().reveal()));
    awaitState(first, Connected.class);
    String other = "HostName=other.hub.test;DeviceId=b;SharedAccessKey=AAAA";
    assertThatIllegalStateException()
        .isThrownBy(() -> gateway.device(other).build())
        .withMessageContaining("other.hub.test")
        .withMessageContaining(InMemoryHub.HOST);
    String through = "HostName=%s;DeviceId=b;SharedAccessKey=AAAA;GatewayHostName=edge";
    assertThatIllegalStateException()
        .isThrownBy(() -> gateway.device(through.formatted(InMemoryHub.HOST)).build())
        .withMessageContaining("through edge");
    assertThat(gateway.status().devices()).isEqualTo(1);
  }

  @Test
  void aDeviceThatCouldNotBeBuiltBindsTheGatewayToNothing() {
    Gateway gateway =
        built(
            Gateway.builder().time(time).transport(like(AMQP)).policy(TransportPolicy.gateway(2)));
    String elsewhere = "HostName=other.hub.test;DeviceId=b;SharedAccessKey=AAAA";
    EmptyStore broken =
        new EmptyStore() {
          @Override
          public StoredQueue open(DeviceIdentity identity, String hubHost) {
            throw new OutboxStoreException("scripted", null);
          }
        };
    assertThatThrownBy(() -> gateway.device(elsewhere).outboxStore(broken).build())
        .hasMessage("scripted");
    assertThat(gateway.status().devices()).isZero();
    String here =
        "HostName="
            + InMemoryHub.HOST
            + ";DeviceId=dev-1;SharedAccessKey="
            + hub.device("dev-1").key().reveal();
    awaitState(opening(gateway.device(here)), Connected.class);
  }

  @Test
  void hostNamesHaveNoCase() {
    Gateway gateway =
        built(
            Gateway.builder().time(time).transport(like(AMQP)).policy(TransportPolicy.gateway(2)));
    String capitals =
        "HostName=MEMORY.Hub.Test;DeviceId=dev-1;SharedAccessKey="
            + hub.device("dev-1").key().reveal();
    awaitState(opening(gateway.device(capitals)), Connected.class);
    awaitState(opening(device(gateway, "dev-2")), Connected.class);
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  @Test
  void anIdentityHasOneClientAtATime() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    DeviceClient first = opening(device(gateway, "dev-1"));
    assertThatIllegalStateException()
        .isThrownBy(() -> device(gateway, "dev-1").build())
        .withMessageContaining("Close the first");
    closeOf(first);
    DeviceClient second = opening(device(gateway, "dev-1"));
    awaitState(second, Connected.class);
  }

  @Test
  void nobodyJoinsAClosedGateway() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    GatewayDeviceBuilder late = device(gateway, "late");
    DeviceClient never = device(gateway, "never").build();
    closeNow(gateway);
    assertThat(Await.failure(never.open())).hasMessageContaining("closed");
    assertThatIllegalStateException()
        .isThrownBy(late::build)
        .withMessageContaining("The gateway is closed");
  }

  // --- isolation ---

  @Test
  void aRefusedOperationOfOneTouchesOne() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    List<DeviceClient> devices = opened(gateway, 3);
    hub.faults()
        .add(
            InMemoryFault.fail(
                Point.BEFORE_STORE, new RejectedException("scripted", Progress.MAYBE_SENT)));
    assertThat(Await.failure(devices.get(0).send(text("a")))).isInstanceOf(RejectedException.class);
    devices.forEach(each -> Await.result(each.send(text("b"))));
    assertThat(hub.openConnections()).isEqualTo(1);
  }

  @Test
  void aRefusedCredentialTouchesOneAndItsPlaceIsFree() {
    Gateway gateway = built(gatewayOver(like(AMQP), 3));
    hub.device("dev-0").setEnabled(false);
    List<DeviceClient> devices = opening(gateway, 4);
    awaitState(devices.get(0), Unauthorized.class);
    awaitConnected(devices.subList(1, 4));
    assertThat(loads(gateway).stream().mapToInt(Integer::intValue).sum()).isEqualTo(3);
    hub.device("dev-0").setEnabled(true);
    tickUntil("all are connected", () -> areConnected(devices));
    assertThat(hub.openConnections()).isEqualTo(2);
  }

  @Test
  void waitingForAnotherDeviceInAContinuationFailsClearly() {
    Gateway gateway = built(gatewayOver(like(AMQP)));
    DeviceClient first = device(gateway, "dev-0").build();
    DeviceClient second = device(gateway, "dev-1").build();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    CompletableFuture<Void> never = second.send(text("never sent"));
    CompletableFuture<Void> waiting =
        first
            .send(text("a"))
            .thenRun(
                () -> {
                  try {
                    never.join();
                  } catch (IllegalStateException e) {
                    thrown.set(e);
                  }
                });
    assertThat(first.open()).isNotNull();
    Await.result(waiting);
    assertThat(thrown.get()).hasMessageContaining("would never end");
  }

  // --- numbers ---

  @Test
  void theCountsHoldForEachAndForAll() {
    Gateway gateway = built(gatewayOver(like(AMQP), 2));
    List<DeviceClient> devices = opened(gateway, 3);
    for (int i = 0; i < 3; i++) {
      for (int n = 0; n <= i; n++) {
        Await.result(devices.get(i).send(text("x")));
      }
    }
    device(gateway, "idle").build();
    GatewayStatus status = gateway.status();
    assertThat(status.devices()).isEqualTo(4);
    assertThat(status.connected()).isEqualTo(3);
    assertThat(status.connections())
        .extracting(GatewayStatus.Connection::route)
        .containsExactly(route(AMQP), route(AMQP));
    assertThat(status.outbox()).isEqualTo(new OutboxStatus(0, 0, 0, 6, 0, 0, Optional.empty()));
    assertThat(devices.get(2).outbox().accepted()).isEqualTo(3);
    closeOf(devices.get(2));
    assertThat(gateway.status().outbox().accepted()).as("closed devices count").isEqualTo(6);
    assertThat(gateway.status().devices()).isEqualTo(3);
  }

  @Test
  void theLimitIsInThePlan() {
    Gateway gateway = built(gatewayOver(like(AMQP, AMQP_WS)).policy(TransportPolicy.gateway(2500)));
    assertThat(gateway.plan().choices())
        .extracting(TransportPlan.Choice::connections)
        .containsExactly(3, 5);
    assertThat(gateway.plan().explain()).contains("MUX_LIMIT");
  }

  @Test
  void moreDevicesThanThePolicySaysAreInThePlan() {
    Gateway gateway = built(gatewayOver(like(AMQP), 3));
    for (int i = 0; i < 7; i++) {
      device(gateway, "dev-" + i).build();
    }
    assertThat(gateway.plan().choices().get(0).connections()).isEqualTo(3);
  }

  // --- uploads ---

  @Test
  void devicesUploadThroughOneProvider() {
    List<String> asked = new CopyOnWriteArrayList<>();
    UploadProvider provider =
        (UploadProvider)
            java.lang.reflect.Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {UploadProvider.class},
                (self, method, arguments) -> {
                  if (method.getName().equals("begin")) {
                    asked.add(((FileUpload) arguments[0]).blobName());
                    throw new IllegalStateException("not in this test");
                  }
                  return route(HTTPS);
                });
    Gateway gateway = built(gatewayOver(like(AMQP)).uploads(provider));
    for (DeviceClient each : opened(gateway, 2)) {
      FileUpload upload = FileUpload.of("blob", Path.of("nowhere"));
      assertThat(Await.failure(each.uploadFile(upload))).isNotNull();
    }
    assertThat(asked).containsExactly("blob", "blob");
  }

  // --- threads ---

  /**
   * Loop, connection, futures, hand-over to the application's executor; and one more of the last
   * two each, because a thread may look stalled on a slow machine.
   */
  private static final int MOST_THREADS = 6;

  @Test
  void aThousandDevicesAreServedByAHandfulOfThreads() {
    ThreadWatch threads = new ThreadWatch();
    ExecutorService executor =
        Executors.newFixedThreadPool(2, task -> new Thread(task, "tck-application"));
    threads.begin();
    try {
      Gateway gateway = built(gatewayOver(like(AMQP)).executor(executor));
      List<DeviceClient> devices = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        devices.add(
            opening(
                device(gateway, "dev-" + i)
                    .onCloudMessage(
                        message -> {
                          var unused = message.complete();
                        })
                    .onOtherMethods(
                        request -> CompletableFuture.failedFuture(new Exception("none here")))
                    .onDesiredProperties(change -> {})));
      }
      awaitConnected(devices);
      List<CompletableFuture<Void>> sent = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        devices.forEach(each -> sent.add(each.send(text("x"))));
      }
      for (int i = 0; i < 1000; i++) {
        hub.device("dev-" + i).sendCloudMessage("y", Map.of());
      }
      assertThat(threads.strangers(thread -> false)).hasSizeLessThanOrEqualTo(MOST_THREADS);
      sent.forEach(Await::result);
      assertThat(threads.strangers(thread -> false)).hasSizeLessThanOrEqualTo(MOST_THREADS);
      assertThat(hub.devicesPerConnection()).containsExactly(1000);
      assertThat(gateway.status().outbox().accepted()).isEqualTo(10_000);
      closeNow(gateway);
      threads.assertNoneLeft(thread -> false);
    } finally {
      executor.shutdown();
    }
  }

  @Test
  void closingFromAHandlerAndFromAContinuationEnds() {
    Gateway gateway = built(gatewayOver(like(AMQP)).retry(RetryPolicy.eager()));
    List<DeviceClient> devices = opened(gateway, 2);
    CompletableFuture<Void> returned =
        devices.get(0).send(text("a")).thenRun(() -> devices.get(1).close());
    Await.result(returned);
    tickUntil("the device is closed", () -> gateway.status().devices() == 1);
    Await.result(devices.get(0).send(text("b")).thenRun(gateway::close));
    tickUntil("the gateway is closed", () -> gateway.close(Duration.ZERO).isDone());
  }
}
