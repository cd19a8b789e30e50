package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Capability;
import dev.fairlead.DeviceClient;
import dev.fairlead.DeviceClientBuilder;
import dev.fairlead.TelemetryMessage;
import dev.fairlead.spi.Feed;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.TransportSession;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/**
 * The base of every part of the contract: a fresh harness for each test, and after each test a
 * check that closing left neither a connection nor a thread.
 */
public abstract class ContractCase {
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ThreadWatch threads = new ThreadWatch();
  private @Nullable TransportHarness harness;

  /** Called by subclasses. */
  protected ContractCase() {}

  /**
   * Creates the transport under test and a hub for it.
   *
   * @return a harness, which the test closes
   */
  protected abstract TransportHarness newHarness();

  /**
   * The transport under test, created for each test.
   *
   * @return the harness of this test
   */
  protected final TransportHarness harness() {
    if (harness == null) {
      throw new IllegalStateException(
          "The harness only exists during a test. Use it inside a test method.");
    }
    return harness;
  }

  /**
   * The hub's side of the harness.
   *
   * @return the hub of this test
   */
  protected final HubSide hub() {
    return harness().hub();
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
      assertNothingLeft();
    } finally {
      harness().close();
    }
  }

  /** Waits until no connection and no thread of a client remains. */
  final void assertNothingLeft() {
    Await.until("every connection is closed", () -> hub().openConnections() == 0);
    threads.assertNoneLeft(harness()::ownsThread);
  }

  // --- clients ---

  /**
   * Registers something to be closed after the test, last opened first.
   *
   * @param <T> its type
   * @param thing what to close
   * @return the same
   */
  protected final <T extends AutoCloseable> T closeLater(T thing) {
    opened.push(thing);
    return thing;
  }

  /** Builds a client and begins to open it. */
  final DeviceClient start(DeviceClientBuilder builder) {
    DeviceClient client = closeLater(builder.drainTime(Duration.ZERO).build());
    CompletableFuture<Void> opening = client.open();
    assertThat(opening).isNotNull();
    return client;
  }

  /** Builds a client and waits for its first session. */
  final DeviceClient open(DeviceClientBuilder builder) {
    DeviceClient client = start(builder);
    Await.result(client.open());
    return client;
  }

  /**
   * Skips a test if the route does not declare its subject; the capability contract checks the
   * declaration.
   */
  final void needs(Capability capability) {
    Assumptions.assumeTrue(
        harness().capabilities().contains(capability),
        () -> harness().route() + " does not declare " + capability);
  }

  static TelemetryMessage message(int number) {
    return TelemetryMessage.of(
        Integer.toString(number).getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  static List<CompletableFuture<Void>> sendAll(DeviceClient client, int from, int to) {
    List<CompletableFuture<Void>> sent = new ArrayList<>();
    for (int i = from; i < to; i++) {
      sent.add(client.send(message(i)));
    }
    return sent;
  }

  /**
   * Sends so that each message is a separate occasion: one by one where the route sends batches.
   */
  final void sendAllAsOccasions(DeviceClient client, int from, int to) {
    if (harness().pushes()) {
      awaitAll(sendAll(client, from, to));
    } else {
      for (int i = from; i < to; i++) {
        Await.result(client.send(message(i)));
      }
    }
  }

  static void awaitAll(List<? extends CompletionStage<?>> stages) {
    stages.forEach(Await::result);
  }

  /** The numbers that the hub has stored, in the order of arrival, including duplicates. */
  final List<Integer> received() {
    return hub().telemetry().stream().map(each -> Integer.parseInt(each.text())).toList();
  }

  /** Nothing is lost, and the first arrivals are in order. */
  final void assertComplete(int count) {
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      expected.add(i);
    }
    assertThat(new ArrayList<>(new LinkedHashSet<>(received()))).isEqualTo(expected);
  }

  // --- sessions without a client ---

  final RecordingContext context(ScriptedOutbox outbox, Feed... feeds) {
    return closeLater(new RecordingContext(harness().target(), Set.of(feeds), outbox, false));
  }

  /** Loses the connection of an open session: the hub cuts it with a message in flight. */
  final void loseConnection(ScriptedOutbox outbox) {
    if (harness().pushes()) {
      hub().cut();
    } else {
      hub().arm(ContractFault.cut(ContractFault.When.BEFORE_STORE));
      outbox.add(message(0));
    }
  }

  /** Opens a session and follows it; it is aborted after the test if it is still open. */
  final TransportSession openSession(RecordingContext context) {
    Opening<TransportSession> opening = harness().provider().open(harness().route(), context);
    closeLater(opening::abort);
    return Await.result(context.follow(opening));
  }
}
