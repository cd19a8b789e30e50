package dev.fairlead.amqp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fairlead.Capability;
import dev.fairlead.Carrier;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Secret;
import dev.fairlead.spi.RouteOffer;
import dev.fairlead.spi.TransportProvider;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class AmqpTransportTest {
  @Test
  void isFound() {
    assertThat(ServiceLoader.load(TransportProvider.class))
        .anyMatch(AmqpTransport.class::isInstance);
  }

  @Test
  void offersBothRoutes() {
    assertThat(new AmqpTransport().offer().routes())
        .extracting(RouteOffer::route, RouteOffer::identitiesPerConnection)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(new Route(Protocol.AMQP, Carrier.TCP, 5671), 1000),
            org.assertj.core.groups.Tuple.tuple(
                new Route(Protocol.AMQP_WS, Carrier.WEBSOCKET, 443), 500));
    for (RouteOffer offer : new AmqpTransport().offer().routes()) {
      assertThat(offer.capabilities()).containsExactlyInAnyOrder(Capability.values());
      assertThat(offer.delivery()).isEqualTo(RouteOffer.Delivery.PUSH);
      assertThat(offer.footprint()).isEqualTo(RouteOffer.Footprint.LARGE);
      assertThat(offer.compact()).isTrue();
    }
  }

  @Test
  void refusesWhatMakesNoSense() {
    AmqpOptions.Builder builder = AmqpOptions.builder();
    assertThatThrownBy(() -> builder.window(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.batchBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> builder.webSocketPath("x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new PlainBroker(" ", "b"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void showsNoPassword() {
    assertThat(Sasl.plain("user", Secret.of("s3cret")).toString()).isEqualTo("SASL PLAIN");
  }
}
