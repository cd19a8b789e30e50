package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.fairlead.Endpoint;
import dev.fairlead.Progress;
import dev.fairlead.Proxy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.UnreachableException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.peers.TestCa;
import dev.fairlead.peers.TestProxy;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ProxyDialTest {
  private static final String HOST = "hub.example.net";
  private static TestCa.Issued hub;
  private static Trust trust;

  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> used = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void makeCertificates() throws Exception {
    TestCa.Issued root = TestCa.root("test root");
    trust = Trust.only(List.of(root.certificate()));
    hub = TestCa.leaf(root, HOST, "127.0.0.1");
  }

  /** Resolves the proxy's name only; the proxy resolves the hub's. */
  private static Dialer dialer(Proxy proxy) {
    return new Dialer()
        .proxy(Optional.of(proxy))
        .resolver(
            host -> {
              if (host.equals("proxy.example.net")) {
                return List.of(InetAddress.getByName("127.0.0.1"));
              }
              throw new UnknownHostException(host);
            });
  }

  private static Proxy http(ScriptedPeer server) {
    return Proxy.http("proxy.example.net", server.port());
  }

  private static Proxy socks(ScriptedPeer server) {
    return Proxy.socks5("proxy.example.net", server.port());
  }

  private static Proxy known(Proxy proxy) {
    return proxy.withCredentials(TestProxy.USER, Secret.of(TestProxy.PASSWORD));
  }

  private static Dial dial(Proxy proxy) {
    return dialer(proxy).dial(new Endpoint(HOST, 443, trust), Optional.empty());
  }

  private static UnreachableException refused(Dial dial) {
    UnreachableException failure = catchThrowableOfType(UnreachableException.class, dial::connect);
    assertThat(failure.stage()).isEqualTo(Stage.PROXY);
    assertThat(failure.progress()).isEqualTo(Progress.NOT_SENT);
    for (Throwable t = failure; t != null; t = t.getCause()) {
      assertThat(t.toString()).doesNotContain("canary-secret").doesNotContain(TestProxy.USER);
    }
    return failure;
  }

  private static void assertEchoes(Dial dial) throws IOException {
    Connection connection = dial.connect();
    assertThat(connection.input().read()).isEqualTo('!');
    connection.output().write(new byte[] {1, 2, 3});
    connection.output().flush();
    assertThat(connection.input().readNBytes(3)).containsExactly(1, 2, 3);
    assertThat(connection.address().isLoopbackAddress()).isTrue();
    connection.cut();
  }

  @Test
  void goesThroughAnHttpProxyThatLooksTheNameUp() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer proxy = TestProxy.http(server.port(), heads, authorization -> null)) {
      assertEchoes(dial(known(http(proxy))));

      assertThat(heads)
          .containsExactly(
              "CONNECT hub.example.net:443 HTTP/1.1\r\nHost: hub.example.net:443\r\n\r\n");
      await().until(() -> proxy.idle() && server.idle());
    }
  }

  @Test
  void verifiesTheHostNameThroughAProxyAsWell() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer proxy = TestProxy.http(server.port(), heads, authorization -> null)) {
      Dial dial =
          dialer(http(proxy)).dial(new Endpoint("other.example.net", 443, trust), Optional.empty());
      UnreachableException failure =
          catchThrowableOfType(UnreachableException.class, dial::connect);

      assertThat(failure.stage()).isEqualTo(Stage.TLS);
      assertThat(failure).hasMessageContaining("is not the host that was dialled");
      await().until(() -> proxy.idle() && server.idle());
    }
  }

  @Test
  void answersBasic() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer proxy = TestProxy.http(server.port(), heads, TestProxy.basic())) {
      assertEchoes(dial(known(http(proxy))));

      assertThat(heads).hasSize(2);
      assertThat(heads.get(0)).doesNotContain("Authorization");
    }
  }

  @ParameterizedTest
  @CsvSource({"MD5,MD5", "SHA-256,SHA-256", "MD5 SHA-256,SHA-256", "SHA-256 MD5,SHA-256"})
  void answersTheBestDigest(String offered, String expected) throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer proxy =
            TestProxy.http(
                server.port(), heads, TestProxy.digest(List.of(offered.split(" ")), 0, used))) {
      assertEchoes(dial(known(http(proxy))));

      assertThat(used).containsExactly(expected);
      assertThat(heads).noneMatch(head -> head.contains("Basic"));
    }
  }

  @Test
  void answersAgainWhenTheNonceWasStaleButNotForEver() throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer once =
            TestProxy.http(server.port(), heads, TestProxy.digest(List.of("SHA-256"), 1, used));
        ScriptedPeer ever =
            TestProxy.http(server.port(), heads, TestProxy.digest(List.of("SHA-256"), 99, used))) {
      assertEchoes(dial(known(http(once))));
      assertThat(used).hasSize(2);

      refused(dial(known(http(ever))));
      assertThat(heads).hasSize(6);
    }
  }

  @Test
  void saysThatCredentialsAreMissing() throws Exception {
    try (ScriptedPeer proxy = TestProxy.http(1, heads, TestProxy.basic())) {
      assertThat(refused(dial(http(proxy))))
          .hasMessageContaining("HTTP 407")
          .hasMessageContaining("no user name is set. Set one with Proxy.withCredentials");
      await().until(proxy::idle);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void saysThatCredentialsAreWrong(boolean digest) throws Exception {
    TestProxy.Gate gate =
        digest ? TestProxy.digest(List.of("SHA-256", "MD5"), 0, used) : TestProxy.basic();
    try (ScriptedPeer proxy = TestProxy.http(1, heads, gate)) {
      Proxy wrong = http(proxy).withCredentials(TestProxy.USER, Secret.of("canary-secret"));

      assertThat(refused(dial(wrong)))
          .hasMessageContaining("refused its user name or password (HTTP 407)")
          .hasMessageContaining("the device's own key is not the cause");
      assertThat(heads).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 407 No%Proxy-Authenticate: Negotiate%Proxy-Authenticate: NTLM%%|negotiate, ntlm",
        "HTTP/1.1 407 No%Proxy-Authenticate: Negotiate abc==, Digest realm=x%%|negotiate, digest",
        "HTTP/1.1 407 No%%|it named none",
        "HTTP/1.1 403 No%%|does not let this machine connect to hub.example.net:443 (HTTP 403)",
        "HTTP/1.1 405 No%%|does not open tunnels (HTTP 405",
        "HTTP/1.1 429 No%%|too many requests",
        "HTTP/1.1 502 No%%|could not reach hub.example.net:443 itself (HTTP 502)",
        "HTTP/1.1 503%%|could not reach hub.example.net:443 itself (HTTP 503)",
        "HTTP/1.1 504 No%%|could not reach hub.example.net:443 itself (HTTP 504)",
        "HTTP/1.1 302 No%Location: x%%|refused a tunnel to hub.example.net:443 (HTTP 302)",
        "SSH-2.0-x%%|does not answer like one: it does not begin with HTTP/1",
        "HTTP/1.1 999 No%%|its status line cannot be read",
        "HTTP/1.1 200 Yes%No colon%%|one of its header fields cannot be read",
        "HTTP/1.1 20|closed the connection without an answer",
        "''|closed the connection without an answer",
      })
  void tellsEachRefusalInItsOwnWords(String answer, String words) throws Exception {
    try (ScriptedPeer proxy = TestProxy.saying(answer.replace("%", "\r\n"))) {
      assertThat(refused(dial(known(http(proxy))))).hasMessageContaining(words);
      await().until(proxy::idle);
    }
  }

  /** The head never ends: a reader that does not refuse it while reading waits for ever. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\na:%\rx",
        "HTTP/1.1 200 OK\r\na:%\r\rx",
        "HTTP/1.1 200 OK\r\na:%\0x",
        "HTTP/1.1 200 OK\r\na:%\u001bx",
        "HTTP/1.1 200 OK\r\na:%\u007fx",
        "HTTP/1.1 200 OK%\rx",
      })
  void refusesAControlCharacterAtOnce(String head) throws Exception {
    try (ScriptedPeer proxy =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read();
              connection.output().write(head.replace("%", " ".repeat(8100)).getBytes("US-ASCII"));
              connection.input().transferTo(OutputStream.nullOutputStream());
            })) {
      assertThat(refused(dial(http(proxy))))
          .hasMessageContaining("its head holds a control character");
      await().until(proxy::idle);
    }
  }

  @Test
  void readsNoEndlessAnswer() throws Exception {
    try (ScriptedPeer proxy =
        ScriptedPeer.plain(
            connection -> {
              connection.output().write("HTTP/1.1 200 OK\r\n".getBytes("US-ASCII"));
              while (true) {
                connection.output().write("Field: value\r\n".getBytes("US-ASCII"));
              }
            })) {
      assertThat(refused(dial(http(proxy)))).hasMessageContaining("longer than 8192 bytes");
      await().until(proxy::idle);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void waitsOnlySoLong(boolean http) throws Exception {
    try (ScriptedPeer proxy =
        ScriptedPeer.plain(
            connection -> connection.input().transferTo(OutputStream.nullOutputStream()))) {
      Proxy value = http ? http(proxy) : socks(proxy);
      Dial dial =
          dialer(value)
              .handshakeTimeout(Duration.ofMillis(200))
              .dial(new Endpoint(HOST, 443, trust), Optional.empty());

      assertThat(refused(dial)).hasMessageContaining("did not answer in time");
      await().until(proxy::idle);
    }
  }

  @Test
  void saysThatTheProxyCannotBeReached() throws Exception {
    int closed;
    try (ServerSocket reserved = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))) {
      closed = reserved.getLocalPort();
    }

    assertThat(refused(dial(Proxy.http("proxy.example.net", closed))))
        .hasMessageContaining("cannot be reached (127.0.0.1: connection refused)")
        .hasMessageContaining("HTTP proxy proxy.example.net:" + closed);
    assertThat(refused(dial(Proxy.socks5("nowhere.example.net", 1080))))
        .hasMessageContaining("The name of the SOCKS5 proxy nowhere.example.net:1080 is not known");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void goesThroughASocksProxy(boolean authenticates) throws Exception {
    try (ScriptedPeer server = ScriptedPeer.greeting(hub.server(null));
        ScriptedPeer proxy = TestProxy.socks(server.port(), authenticates, 0, used)) {
      assertEchoes(dial(known(socks(proxy))));
      if (!authenticates) {
        assertEchoes(dial(socks(proxy)));
      }
      assertEchoes(
          dialer(known(socks(proxy))).dial(new Endpoint("127.0.0.1", 9, trust), Optional.empty()));

      assertThat(used).contains("3 hub.example.net:443", "1 127.0.0.1:9");
      await().until(() -> proxy.idle() && server.idle());
    }
  }

  @Test
  void saysWhatASocksProxyDoesNotLike() throws Exception {
    try (ScriptedPeer proxy = TestProxy.socks(1, true, 0, used)) {
      assertThat(refused(dial(socks(proxy)))).hasMessageContaining("no user name is set");
      assertThat(refused(dial(socks(proxy).withCredentials("jo", Secret.of("canary-secret")))))
          .hasMessageContaining("refused its user name or password");
    }
    String[] words = {
      "gave no reason",
      "rules forbid",
      "no network",
      "cannot reach that host",
      "refused",
      "in time",
      "CONNECT",
      "address",
      "gave no reason"
    };
    for (int reply = 1; reply <= words.length; reply++) {
      try (ScriptedPeer proxy = TestProxy.socks(1, false, reply, used)) {
        assertThat(refused(dial(socks(proxy))))
            .hasMessageContaining(words[reply - 1])
            .hasMessageContaining("(SOCKS reply " + reply + ")");
      }
    }
  }

  @Test
  void saysThatAnHttpServerIsNoSocksProxy() throws Exception {
    try (ScriptedPeer proxy =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read();
              connection.output().write("HTTP/1.1 400 Bad\r\n\r\n".getBytes("US-ASCII"));
            })) {
      assertThat(refused(dial(socks(proxy))))
          .hasMessageContaining("does not answer like one: version 72 in place of 5");
    }
  }

  @RepeatedTest(30)
  void canBeAbortedWhileTheProxyIsAsked() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (ScriptedPeer proxy =
        ScriptedPeer.plain(
            connection -> {
              connection.input().read();
              asked.countDown();
              connection.input().transferTo(OutputStream.nullOutputStream());
            })) {
      Dial dial = dial(known(http(proxy)));
      CompletableFuture<UnreachableException> failure =
          CompletableFuture.supplyAsync(() -> refused(dial));
      asked.await();
      assertThat(dial.step()).isEqualTo("the answer of the " + http(proxy));
      dial.abort();

      assertThat(failure.get()).hasMessageContaining("was stopped by this client");
      await().pollInterval(Duration.ofMillis(2)).until(proxy::idle);
    }
  }
}
