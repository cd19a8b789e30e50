package dev.fairlead.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.fairlead.CloudMessage;
import dev.fairlead.DeviceClient;
import dev.fairlead.Endpoint;
import dev.fairlead.Protocol;
import dev.fairlead.RetryPolicy;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.auth.Credentials;
import dev.fairlead.https.poll.PollLimiter;
import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.LocalHub;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.ManualHubTime;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.Loop;
import dev.fairlead.tck.FakeTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An application that needs time for each cloud-to-device message, against a hub whose locks end
 * after a minute. The clocks of both are stopped until the test moves them together.
 */
@Timeout(120)
class SlowHandlerTest {
  private static final Duration LOCK = Duration.ofSeconds(60);

  private final FakeTime time = new FakeTime();
  private final ManualHubTime hubTime = new ManualHubTime(time.now());
  private final BlockingQueue<CloudMessage> entered = new LinkedBlockingQueue<>();
  private final Semaphore leave = new Semaphore(0);
  private final List<String> handled = new CopyOnWriteArrayList<>();
  private final List<String> completed = new CopyOnWriteArrayList<>();
  private volatile boolean abandon;
  private LocalHub hub;
  private Device device;
  private DeviceClient client;

  @BeforeEach
  void open() throws Exception {
    hub = LocalHub.start(LocalHubOptions.defaults().time(hubTime));
    device = hub.createDevice("dev-s");
    client =
        DeviceClient.builder(device.connectionString())
            .endpoint(
                Protocol.HTTPS,
                new Endpoint(
                    "localhost", hub.httpsPort(), Trust.only(List.of(hub.caCertificate()))))
            .policy(TransportPolicy.builder().only(Protocol.HTTPS).build())
            .retry(RetryPolicy.eager())
            .time(time)
            .credentials(
                Credentials.sharedAccessKey(Secret.of(device.primaryKey()), Duration.ofDays(30)))
            .transport(
                new HttpsTransport(
                    HttpsOptions.defaults(), (host, identity, loop) -> new Every(loop)))
            .onCloudMessage(this::handle)
            .build();
    client.blocking(Duration.ofSeconds(20)).open();
  }

  @AfterEach
  void close() {
    leave.release(1000);
    client.close();
    hub.close();
  }

  private void handle(CloudMessage message) throws InterruptedException {
    entered.add(message);
    leave.acquire();
    handled.add(message.text());
    if (abandon) {
      message.abandon();
    } else {
      message.complete().thenRun(() -> completed.add(message.text()));
    }
  }

  /** A poll each 25 minutes, as the real limiter allows it. */
  private record Every(Loop loop) implements PollLimiter {
    @Override
    public void whenAllowed(Runnable pollNow) {
      assertThat(loop.schedule(PollSchedule.MINIMUM, pollNow)).isNotNull();
    }

    @Override
    public boolean stillAllowed() {
      return true;
    }

    @Override
    public void close() {
      // The test ends before the next poll.
    }
  }

  private void pass(Duration by) {
    hubTime.advance(by);
    time.advance(by);
  }

  private void send(int messages) {
    for (int i = 0; i < messages; i++) {
      device.sendCloudMessage(CloudToDeviceMessage.of("m" + i));
    }
  }

  private void nextPoll() {
    await().until(() -> time.untilNext().isPresent());
    pass(PollSchedule.MINIMUM);
  }

  /** The handler takes the next message and needs so long for it. */
  private void oneIsHandled(Duration needs) throws InterruptedException {
    assertThat(entered.poll(30, TimeUnit.SECONDS)).as("after %s", handled).isNotNull();
    pass(needs);
    int before = handled.size();
    leave.release();
    await().until(() -> handled.size() > before);
  }

  /** 50 messages at 4 s each take longer than three locks. */
  @Test
  void fiftyMessagesOfFourSecondsAreAllCompletedInOnePoll() throws Exception {
    send(50);
    nextPoll();
    while (handled.size() < 50) {
      oneIsHandled(Duration.ofSeconds(4));
    }
    await().until(() -> device.queuedCloudMessages() == 0);
    await().until(() -> completed.size() == 50);
    assertThat(completed).doesNotHaveDuplicates();
    Map<String, Long> times =
        handled.stream().collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    assertThat(times).hasSize(50);
    assertThat(times.values()).as("once, or once more after a lost lock").allMatch(n -> n <= 2);
  }

  /** Messages at the hub are safe; messages fetched for a handler that hangs are not. */
  @Test
  void aHandlerThatHangsEndsThePollAndTheNextPollGoesOn() throws Exception {
    send(30);
    nextPoll();
    assertThat(entered.poll(30, TimeUnit.SECONDS)).isNotNull();
    // The poll pauses: there is no room, and its alarm is set.
    await().until(() -> time.hasTaskIn(LOCK));
    int fetched = hub.https().cloudMessagePolls("dev-s").size();
    assertThat(fetched).isLessThanOrEqualTo(11);
    pass(LOCK);
    await().until(() -> time.hasTaskIn(PollSchedule.MINIMUM));
    assertThat(hub.https().cloudMessagePolls("dev-s")).as("no further request").hasSize(fetched);
  }

  /** A poll that pauses must not keep abandoned messages until their lock ends. */
  @Test
  void whatIsAbandonedGoesBackWithinItsLockAlsoWhenThePollPauses() throws Exception {
    abandon = true;
    send(30);
    nextPoll();
    assertThat(entered.poll(30, TimeUnit.SECONDS)).isNotNull();
    await().until(() -> time.hasTaskIn(LOCK));
    leave.release();
    assertThat(entered.poll(30, TimeUnit.SECONDS)).isNotNull();
    await().until(() -> time.hasTaskIn(LOCK.dividedBy(2)));
    pass(LOCK.dividedBy(2));
    await()
        .until(
            () ->
                hub.https().requests().stream()
                    .anyMatch(request -> request.toString().contains("abandon")));
  }
}
