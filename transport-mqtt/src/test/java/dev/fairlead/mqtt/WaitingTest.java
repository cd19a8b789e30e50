package dev.fairlead.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.ConnectionState;
import dev.fairlead.DeviceClient;
import dev.fairlead.MethodResponse;
import dev.fairlead.Protocol;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.Twin;
import dev.fairlead.UnreachableException;
import dev.fairlead.peers.ScriptedPeer;
import dev.fairlead.tck.FakeTime;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is waited for, for how long, and what follows: minutes of it, on a clock that is moved. */
@Timeout(60)
class WaitingTest {
  private static final String SYNC = "$iothub/methods/POST/sync/?$rid=";
  private static final String TWIN = "{\"desired\":{\"$version\":1},\"reported\":{\"$version\":1}}";

  private final FakeTime time = new FakeTime();
  private final BlockingQueue<String> twinReads = new LinkedBlockingQueue<>();
  private final BlockingQueue<Integer> messages = new LinkedBlockingQueue<>();
  private final AtomicInteger pings = new AtomicInteger();

  /** Method calls to the client, one behind the answer to each ping, and its replies. */
  private final AtomicInteger calls = new AtomicInteger();

  private final AtomicInteger replies = new AtomicInteger();

  private volatile boolean mute;
  private volatile MqttPeer live;
  private ScriptedPeer hub;
  private DeviceClient client;

  @BeforeEach
  void start() throws Exception {
    hub = MqttPeer.tls(this::serve);
    client =
        DeviceClient.builder(
                "HostName=hub.example.net;DeviceId=dev-t;SharedAccessKey=bm90IGEgc2VjcmV0")
            .endpoint(Protocol.MQTT, MqttPeer.endpoint(hub))
            .transport(new MqttTransport())
            .time(time)
            .onMethod("sync", request -> MethodResponse.of(200))
            .build();
    client.open().get(20, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws Exception {
    client.close(Duration.ZERO);
    hub.close();
    await().until(() -> SessionCase.threadsOf("dev-t").isEmpty());
  }

  private void serve(MqttPeer peer) throws Exception {
    peer.welcome();
    live = peer;
    while (true) {
      byte[] packet = peer.read();
      if (MqttPeer.typeOf(packet) == MqttPeer.PINGREQ) {
        if (!mute) {
          peer.send(0xd0, 0);
          call(peer);
        }
        pings.incrementAndGet();
      } else if (MqttPeer.typeOf(packet) == MqttPeer.PUBLISH) {
        String topic = MqttPeer.topicOf(packet);
        if (topic.startsWith("$iothub/twin/GET/")) {
          twinReads.add(topic.substring(topic.indexOf("$rid=") + 5));
        } else if (topic.startsWith("$iothub/methods/res/")) {
          replies.incrementAndGet();
        } else {
          messages.add(MqttPeer.packetIdOf(packet));
        }
      }
    }
  }

  private void call(MqttPeer peer) throws Exception {
    peer.send(MqttPeer.publish(0x30, SYNC + calls.incrementAndGet(), -1, "{}"));
  }

  /** Returns when the client has done all that it began before, and has read all answers. */
  private void sync() throws Exception {
    call(live);
    await().until(() -> replies.get() == calls.get());
  }

  private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
    T taken = queue.poll(20, TimeUnit.SECONDS);
    assertThat(taken).isNotNull();
    return taken;
  }

  private void answer(String rid) throws Exception {
    live.send(MqttPeer.publish(0x30, "$iothub/twin/res/200/?$rid=" + rid, -1, TWIN));
  }

  private CompletableFuture<Void> send(String text) {
    return client.send(TelemetryMessage.of(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Moves the clock; a ping is due then, and it is answered. */
  private void advanceToAnsweredPing(Duration by) throws Exception {
    int before = pings.get();
    time.advance(by);
    await().until(() -> pings.get() == before + 1);
    sync();
  }

  private boolean connected() {
    return client.state() instanceof ConnectionState.Connected;
  }

  /** Silence is noticed within some ten seconds when something is owed. */
  private void assertNoticesADeadConnection() throws Exception {
    mute = true;
    int before = pings.get();
    send("into the void");
    next(messages);
    sync();
    AtomicInteger seconds = new AtomicInteger();
    await()
        .until(
            () -> {
              time.advance(Duration.ofSeconds(1));
              seconds.incrementAndGet();
              return !connected();
            });
    assertThat(pings).hasValueGreaterThan(before);
    assertThat(seconds).hasValueBetween(10, 30);
  }

  @Test
  void overlappingTwinReadsEndNeitherPingsNorTheSession() throws Exception {
    CompletableFuture<Twin> previous = client.getTwin();
    String rid = next(twinReads);
    // Longer than the two minutes that telemetry may wait.
    for (int i = 0; i < 45; i++) {
      CompletableFuture<Twin> following = client.getTwin();
      String followingRid = next(twinReads);
      answer(rid);
      previous.get(20, TimeUnit.SECONDS);
      previous = following;
      rid = followingRid;
      time.advance(Duration.ofSeconds(4));
    }
    answer(rid);
    previous.get(20, TimeUnit.SECONDS);
    assertThat(pings).hasValue(0);

    // Nine tenths of the keep-alive of 230 s.
    advanceToAnsweredPing(Duration.ofSeconds(207));
    assertThat(connected()).isTrue();
    assertNoticesADeadConnection();
  }

  @Test
  void aTwinReadThatTimesOutIsForgotten() throws Exception {
    CompletableFuture<Twin> twin = client.getTwin();
    next(twinReads);
    sync();
    for (int seconds = 5; seconds <= 15; seconds += 5) {
      advanceToAnsweredPing(Duration.ofSeconds(5));
    }
    assertThat(twin).isNotDone();
    time.advance(Duration.ofSeconds(5));
    assertThat(twin)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .havingCause()
        .isInstanceOf(UnreachableException.class)
        .withMessageContaining("did not answer the twin operation within 20 s");
    assertThat(connected()).isTrue();
    sync();

    // Much later a message is sent: earlier debts do not count.
    time.advance(Duration.ofSeconds(100));
    sync();
    time.advance(Duration.ofSeconds(100));
    CompletableFuture<Void> message = send("x");
    int id = next(messages);
    sync();
    time.advance(Duration.ofSeconds(4));
    live.acknowledge(id);
    message.get(20, TimeUnit.SECONDS);
    assertThat(connected()).isTrue();
    assertThat(hub.accepted()).isEqualTo(1);
    assertNoticesADeadConnection();
  }

  @Test
  void telemetryWaitsTwoMinutesForItsAcknowledgement() throws Exception {
    CompletableFuture<Void> message = send("x");
    next(messages);
    sync();
    // Each ping is due five seconds after the last answer.
    for (int seconds = 5; seconds < 120; seconds += 5) {
      advanceToAnsweredPing(Duration.ofSeconds(5));
      assertThat(connected()).isTrue();
    }
    time.advance(Duration.ofSeconds(5));
    ConnectionState lost = await().until(client::state, state -> state.cause().isPresent());
    assertThat(lost.cause().orElseThrow())
        .hasMessageContaining("the acknowledgement of 1 message within 2 min")
        .hasMessageContaining("although it answers pings");

    // It goes out again in the next session.
    await()
        .until(
            () -> {
              time.advance(Duration.ofSeconds(1));
              return !messages.isEmpty();
            });
    live.acknowledge(next(messages));
    message.get(20, TimeUnit.SECONDS);
    assertThat(client.outbox().resent()).isEqualTo(1);
  }
}
