package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.peers.ScriptedPeer;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An address that accepts TCP and nothing more is tried last for a while. */
@Timeout(60)
class AddressMemoryTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final AddressMemory memory = new AddressMemory(now::get);
  private final Trust trust = Trust.only(List.of(ScriptedPeer.authority()));
  private final HostName host = HostName.of("localhost");

  /** What an address does after TCP. */
  enum Illness {
    SILENT(connection -> connection.input().readAllBytes()),
    CLOSES(connection -> connection.input().read(new byte[4096])),
    RESETS(
        connection -> {
          connection.input().read(new byte[4096]);
          connection.reset();
        });

    final ScriptedPeer.Script script;

    Illness(ScriptedPeer.Script script) {
      this.script = script;
    }
  }

  private Dialer dialer() {
    return new Dialer()
        .addresses(memory)
        .resolver(name -> List.of(address(2), address(3)))
        .handshakeTimeout(Duration.ofMillis(500));
  }

  private static InetAddress address(int last) throws UnknownHostException {
    return InetAddress.getByName("127.0.0." + last);
  }

  private static ScriptedPeer at(int last, int port, ScriptedPeer.Script script) {
    return ScriptedPeer.builder().address("127.0.0." + last).port(port).start(script);
  }

  private static ScriptedPeer good(int port) {
    return ScriptedPeer.builder()
        .address("127.0.0.3")
        .port(port)
        .tls()
        .start(ScriptedPeer.GREETING);
  }

  private Dial dial(int port) {
    return dialer().dial(new Endpoint("localhost", port, trust), Optional.empty());
  }

  private String connectedTo(int port) {
    Connection connection = dial(port).connect();
    connection.cut();
    return connection.address().getHostAddress();
  }

  @ParameterizedTest
  @EnumSource
  void theSecondDialGoesToTheGoodOne(Illness illness) throws Exception {
    try (ScriptedPeer ill = at(2, 0, illness.script);
        ScriptedPeer good = good(ill.port())) {
      assertThat(catchThrowable(() -> dial(ill.port()).connect()))
          .isInstanceOf(UnreachableException.class);
      assertThat(connectedTo(good.port())).isEqualTo("127.0.0.3");
      assertThat(connectedTo(good.port())).isEqualTo("127.0.0.3");
      assertThat(ill.accepted()).isEqualTo(1);

      now.addAndGet(AddressMemory.LIFE.toNanos());
      assertThat(catchThrowable(() -> dial(ill.port()).connect()))
          .isInstanceOf(UnreachableException.class);
      assertThat(ill.accepted()).isEqualTo(2);
    }
  }

  @Test
  void itIsTriedWhenAllOthersHaveFailedAndForgottenWhenItWorks() throws Exception {
    try (ScriptedPeer recovered = good(0)) {
      memory.failed(host, recovered.port(), address(3));
      assertThat(connectedTo(recovered.port())).isEqualTo("127.0.0.3");
      assertThat(memory.lastOf(host, recovered.port(), List.of(address(3)))).isEmpty();
    }
  }

  @Test
  void aDialThatIsStoppedAfterLongSilenceCounts() throws Exception {
    try (ScriptedPeer ill = at(2, 0, Illness.SILENT.script)) {
      Dial dial =
          dialer()
              .handshakeTimeout(Duration.ofSeconds(40))
              .dial(new Endpoint("localhost", ill.port(), trust), Optional.empty());
      CompletableFuture<Throwable> failed =
          CompletableFuture.supplyAsync(() -> catchThrowable(dial::connect));
      await().pollInterval(Duration.ofMillis(2)).until(() -> ill.accepted() == 1);
      now.addAndGet(Duration.ofSeconds(10).toNanos());
      dial.abort();
      assertThat(failed.join()).isInstanceOf(UnreachableException.class);
      assertThat(memory.lastOf(host, ill.port(), List.of(address(2)))).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theWebSocketUpgradeCountsToo(Illness illness) throws Exception {
    try (ScriptedPeer ill =
        ScriptedPeer.builder().address("127.0.0.2").tls().start(illness.script)) {
      Dial dial =
          dialer()
              .dialWebSocket(
                  new Endpoint("localhost", ill.port(), trust),
                  Optional.empty(),
                  new WebSocketTarget("/$iothub/websocket", "mqtt"));
      assertThat(catchThrowable(dial::connect)).isInstanceOf(UnreachableException.class);
      assertThat(memory.lastOf(host, ill.port(), List.of(address(2)))).hasSize(1);
    }
  }

  @Test
  void whatAServerSaysDoesNotCount() throws Exception {
    try (ScriptedPeer stranger =
        ScriptedPeer.builder().address("127.0.0.2").tls().start(ScriptedPeer.GREETING)) {
      Endpoint otherName = new Endpoint("other.example.net", stranger.port(), trust);
      assertThat(catchThrowable(() -> dialer().dial(otherName, Optional.empty()).connect()))
          .hasMessageContaining("not the host that was dialled");
      assertThat(
              memory.lastOf(HostName.of("other.example.net"), stranger.port(), List.of(address(2))))
          .isEmpty();
    }
  }

  @Test
  void itIsBounded() throws Exception {
    for (int port = 1; port <= AddressMemory.CAPACITY + 1; port++) {
      memory.failed(host, port, address(2));
    }
    assertThat(memory.lastOf(host, 1, List.of(address(2)))).isEmpty();
    assertThat(memory.lastOf(host, 2, List.of(address(2)))).hasSize(1);
  }
}
