package dev.fairlead.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.policy.NoRouteException;
import dev.fairlead.policy.ReasonCode;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.MultiplexingProvider;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.SessionContext;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportOffer;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.spi.TransportSession;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransportsTest {
  private static final Route MQTT = new Route(Protocol.MQTT, Carrier.TCP, 8883);
  private static final Route MQTT_WS = new Route(Protocol.MQTT_WS, Carrier.WEBSOCKET, 443);

  @TempDir Path classPath;

  private static RouteOffer routeOffer(Route route, Capability... capabilities) {
    return new RouteOffer(
        route, Set.of(capabilities), RouteOffer.Delivery.PUSH, 1, RouteOffer.Footprint.SMALL, true);
  }

  /** Offers the given routes. */
  private static class Offering implements TransportProvider {
    private final Supplier<TransportOffer> offer;

    Offering(Supplier<TransportOffer> offer) {
      this.offer = offer;
    }

    @Override
    public TransportOffer offer() {
      return offer.get();
    }

    @Override
    public Opening<TransportSession> open(Route route, SessionContext context) {
      throw new UnsupportedOperationException();
    }
  }

  /** Found on the class path: both routes. */
  public static final class Found extends Offering {
    /** For the service loader. */
    public Found() {
      super(
          () ->
              new TransportOffer(
                  "found",
                  List.of(
                      routeOffer(MQTT, Capability.TELEMETRY),
                      routeOffer(MQTT_WS, Capability.TELEMETRY))));
    }
  }

  /** Cannot be made. */
  public static final class Unmakeable extends Offering {
    /** For the service loader. */
    public Unmakeable() {
      super(() -> new TransportOffer("never", List.of()));
      throw new IllegalStateException("cannot be made");
    }
  }

  /** A library that it needs is missing. */
  public static final class Unlinkable extends Offering {
    /** For the service loader. */
    public Unlinkable() {
      super(
          () -> {
            throw new NoClassDefFoundError("org/example/Missing");
          });
    }
  }

  /** Throws where nothing may be thrown. */
  public static final class Throwing extends Offering {
    /** For the service loader. */
    public Throwing() {
      super(
          () -> {
            throw new NoSuchElementException("cannot say what it offers");
          });
    }
  }

  private Transports transports(List<TransportProvider> given, String... services)
      throws Exception {
    return installed(() -> Transports.of(given), services);
  }

  private <T> T installed(Callable<T> code, String... services) throws Exception {
    Path folder = Files.createDirectories(classPath.resolve("META-INF/services"));
    Files.write(folder.resolve(TransportProvider.class.getName()), Arrays.asList(services));
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {classPath.toUri().toURL()}, TransportsTest.class.getClassLoader())) {
      thread.setContextClassLoader(loader);
      return code.call();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static String summary(Transports transports) {
    return transports.offers().stream()
        .map(
            offer ->
                offer.name()
                    + offer.routes().stream()
                        .map(route -> " " + route.route())
                        .collect(Collectors.joining()))
        .collect(Collectors.joining(", "));
  }

  @Test
  void findsProvidersOnTheClassPath() throws Exception {
    Transports transports = transports(List.of(), Found.class.getName());

    assertThat(summary(transports)).isEqualTo("found MQTT/tcp:8883 MQTT_WS/websocket:443");
    assertThat(transports.provider(MQTT)).isInstanceOf(Found.class);
    assertThat(transports.capabilities(MQTT)).containsExactly(Capability.TELEMETRY);
    assertThat(transports.broken()).isEmpty();
  }

  @Test
  void prefersWhatWasGivenRouteByRoute() throws Exception {
    TransportProvider given =
        new Offering(() -> new TransportOffer("given", List.of(routeOffer(MQTT, Capability.TWIN))));

    Transports transports = transports(List.of(given), Found.class.getName());

    assertThat(summary(transports)).isEqualTo("given MQTT/tcp:8883, found MQTT_WS/websocket:443");
    assertThat(transports.provider(MQTT)).isSameAs(given);
    assertThat(transports.capabilities(MQTT)).containsExactly(Capability.TWIN);
    assertThat(transports.provider(MQTT_WS)).isInstanceOf(Found.class);
  }

  @Test
  void prefersTheFirstOfTwoThatWereGiven() throws Exception {
    TransportProvider first =
        new Offering(() -> new TransportOffer("first", List.of(routeOffer(MQTT))));
    TransportProvider second =
        new Offering(() -> new TransportOffer("second", List.of(routeOffer(MQTT))));

    Transports transports = transports(List.of(first, second));

    assertThat(summary(transports)).isEqualTo("first MQTT/tcp:8883");
    assertThat(transports.provider(MQTT)).isSameAs(first);
  }

  @Test
  void passesOverWhatIsBrokenAndSaysSo() throws Exception {
    Transports transports =
        transports(
            List.of(),
            "org.example.NotThere",
            Unmakeable.class.getName(),
            Unlinkable.class.getName(),
            Throwing.class.getName(),
            TransportsTest.class.getName(),
            Found.class.getName());

    assertThat(summary(transports)).startsWith("found ");
    assertThat(transports.broken())
        .satisfiesExactly(
            notThere -> assertThat(notThere).contains("org.example.NotThere"),
            unmakeable -> assertThat(unmakeable).contains("Unmakeable"),
            unlinkable -> assertThat(unlinkable).contains("org/example/Missing"),
            throwing -> assertThat(throwing).contains("cannot say what it offers"),
            noProvider -> assertThat(noProvider).contains("not a subtype"));
  }

  @Test
  void aPolicyPlansOverWhatIsInstalledAndNamesWhatCannotBeLoaded() throws Exception {
    TransportPlan plan =
        installed(
            () -> TransportPolicy.singleDevice().plan(),
            Unmakeable.class.getName(),
            Found.class.getName());

    assertThat(plan.routes()).containsExactly(MQTT, MQTT_WS);
    assertThat(plan.notes())
        .singleElement()
        .satisfies(note -> assertThat(note.code()).isEqualTo(ReasonCode.NOT_LOADED))
        .satisfies(note -> assertThat(note.sentence()).contains("Unmakeable", "cannot be made"));
    assertThat(plan.explain()).contains("NOT_LOADED", "cannot be made");
  }

  @Test
  void aClientWithoutARouteNamesTheTransportThatCannotBeLoaded() throws Exception {
    DeviceClientBuilder builder =
        DeviceClient.builder("HostName=h;DeviceId=d;SharedAccessKey=AAAA");

    NoRouteException refused =
        installed(
            () -> catchThrowableOfType(NoRouteException.class, builder::build),
            "org.example.NotThere");

    assertThat(refused).hasMessageContaining("NOT_LOADED").hasMessageContaining("NotThere");
  }

  @Test
  void passesOverALineThatNamesNoClass() throws Exception {
    Transports transports = transports(List.of(), "not a class name");

    assertThat(transports.offers()).isEmpty();
    assertThat(transports.broken()).hasSize(1);
  }

  @Test
  void doesNotPassOverWhatTheApplicationGave() {
    TransportProvider given = new Throwing();

    assertThatThrownBy(() -> transports(List.of(given))).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void showsAGatewayOnlyWiresWithTheTypeForSharingAsShared() {
    RouteOffer several =
        new RouteOffer(
            MQTT, Set.of(), RouteOffer.Delivery.PUSH, 10, RouteOffer.Footprint.LARGE, true);
    RouteOffer alsoSeveral =
        new RouteOffer(
            MQTT_WS, Set.of(), RouteOffer.Delivery.PUSH, 5, RouteOffer.Footprint.LARGE, true);
    TransportProvider untyped = new Offering(() -> new TransportOffer("untyped", List.of(several)));
    TransportProvider front = new Offering(() -> new TransportOffer("front", List.of()));

    Transports wires =
        Transports.of(
            List.of(untyped, new Sharing(new TransportOffer("typed", List.of(alsoSeveral)))));
    Transports shown = wires.through(front);

    assertThat(shown.offer(MQTT).identitiesPerConnection()).isEqualTo(1);
    assertThat(shown.offer(MQTT_WS).identitiesPerConnection()).isEqualTo(5);
    assertThat(shown.offers()).hasSize(2).allMatch(offer -> offer.routes().size() == 1);
    assertThat(shown.provider(MQTT)).isSameAs(front);
    assertThat(shown.provider(MQTT_WS)).isSameAs(front);
    assertThat(wires.provider(MQTT)).isSameAs(untyped);
  }

  private static final class Sharing extends Offering implements MultiplexingProvider {
    Sharing(TransportOffer offer) {
      super(() -> offer);
    }

    @Override
    public Opening<SharedConnection> connect(Route route, ConnectionContext context) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void knowsNoOtherRoute() throws Exception {
    Transports transports = transports(List.of());

    assertThat(transports.capabilities(MQTT)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> transports.provider(MQTT));
    assertThatIllegalArgumentException().isThrownBy(() -> transports.offer(MQTT));
  }
}
