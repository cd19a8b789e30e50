package dev.fairlead.tck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.Endpoint;
import dev.fairlead.HubException;
import dev.fairlead.Proxy;
import dev.fairlead.spi.ConnectionContext;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.SharedConnection;
import dev.fairlead.spi.TransportSession;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** A transport's promises about a shared connection and its sessions, without a client. */
public abstract class SharedConnectionContract extends MultiplexCase {
  /** Called by subclasses. */
  protected SharedConnectionContract() {}

  @Test
  final void aConnectionWithoutSessionsOpensAndCloses() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    Await.until("the connection is open", () -> connections() == 1);
    loop.run(connection::close);
    loop.run(connection::close);
    assertThat(Await.result(connection.ended())).isEmpty();
    loop.run(connection::abort);
    assertNothingLeft(loop);
  }

  @Test
  final void aConnectionCanBeAbortedWhileItOpens() {
    SerialLoop loop = closeLater(new SerialLoop());
    for (int i = 0; i < 50; i++) {
      Opening<SharedConnection> opening =
          harness().provider().connect(harness().route(), context(loop));
      opening.abort();
      opening.abort();
      CompletableFuture<Void> over = new CompletableFuture<>();
      opening
          .outcome()
          .whenComplete(
              (connection, failure) -> {
                if (connection == null) {
                  over.complete(null);
                } else {
                  connection.ended().thenAccept(reason -> over.complete(null));
                }
              });
      Await.result(over);
    }
    assertNothingLeft(loop);
  }

  @Test
  final void nobodyThereIsAFailure() {
    SerialLoop loop = closeLater(new SerialLoop());
    HubSide hub = harness().hub("dev-0");
    hub.setReachable(false);
    Opening<SharedConnection> opening =
        harness().provider().connect(harness().route(), context(loop));
    assertThat(Await.failure(opening.outcome())).isInstanceOf(HubException.class);
    assertNothingLeft(loop);
    hub.setReachable(true);
  }

  @Test
  final void sessionsEndBeforeTheirConnectionAndEachOnce() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    List<RecordingContext> contexts = attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    harness().hub("dev-0").setReachable(false);
    assertThat(Await.result(connection.ended())).isPresent();
    Await.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactlyInAnyOrder(
            "session true", "session true", "session true", "connection true")
        .endsWith("connection true");
    loop.run(connection::close);
    loop.run(connection::abort);
    assertNothingLeft(loop);
    contexts.forEach(each -> assertThat(each.ends()).hasSize(1));
    harness().hub("dev-0").setReachable(true);
  }

  @Test
  final void abortingAConnectionCutsItsSessions() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    loop.run(connection::abort);
    loop.run(connection::abort);
    assertThat(Await.result(connection.ended())).isEmpty();
    Await.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactly("session true", "session true", "session true", "connection false");
    assertNothingLeft(loop);
  }

  @Test
  final void closingAConnectionClosesItsSessionsInOrder() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    List<String> ends = new CopyOnWriteArrayList<>();
    attachSome(loop, connection, ends);
    connection.ended().thenAccept(reason -> ends.add("connection " + reason.isPresent()));
    loop.run(connection::close);
    assertThat(Await.result(connection.ended())).isEmpty();
    Await.until("all have ended", () -> ends.size() == 4);
    assertThat(ends)
        .containsExactly("session false", "session false", "session false", "connection false");
    assertNothingLeft(loop);
  }

  @Test
  final void abortingASessionLeavesTheOthers() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    ScriptedOutbox outbox = new ScriptedOutbox();
    RecordingContext first = session("dev-0", new ScriptedOutbox(), loop);
    RecordingContext second = session("dev-1", outbox, loop);
    TransportSession aborted = attach(loop, connection, first);
    attach(loop, connection, second);
    loop.run(aborted::abort);
    assertThat(Await.result(aborted.ended())).isPresent();
    outbox.add(text("dev-1 0"));
    Await.until("the other goes on", () -> outbox.accepted().size() == 1);
    assertThat(second.ends()).isEmpty();
    assertThat(connections()).isEqualTo(1);
    // Another session can use its place.
    attach(loop, connection, session("dev-0", new ScriptedOutbox(), loop));
    loop.run(connection::close);
    Await.result(connection.ended());
    assertNothingLeft(loop);
  }

  @Test
  final void anOpeningCanBeAbortedWhileOthersAttach() {
    SerialLoop loop = closeLater(new SerialLoop());
    SharedConnection connection = connect(loop);
    for (int i = 0; i < 50; i++) {
      RecordingContext gone = session("dev-0", new ScriptedOutbox(), loop);
      CompletableFuture<Void> over = new CompletableFuture<>();
      loop.run(
          () -> {
            var opening = connection.attach(gone);
            opening
                .outcome()
                .whenComplete(
                    (session, failure) -> {
                      if (session == null) {
                        over.complete(null);
                      } else {
                        session.ended().thenAccept(reason -> over.complete(null));
                      }
                    });
            opening.abort();
          });
      Await.result(over);
      ScriptedOutbox outbox = new ScriptedOutbox();
      RecordingContext stays = session("dev-1", outbox, loop);
      TransportSession session = attach(loop, connection, stays);
      outbox.add(text("dev-1 " + i));
      Await.until("it works", () -> outbox.accepted().size() == 1);
      loop.run(session::close);
      Await.result(session.ended());
    }
    assertThat(connections()).isEqualTo(1);
    loop.run(connection::close);
    Await.result(connection.ended());
    assertNothingLeft(loop);
  }

  private SharedConnection connect(Loop loop) {
    Opening<SharedConnection> opening =
        harness().provider().connect(harness().route(), context(loop));
    return Await.result(opening.outcome());
  }

  private ConnectionContext context(Loop loop) {
    return new SharedContext(
        harness().hubHost(), harness().endpoint(), Optional.empty(), loop, "fairlead-tck");
  }

  private record SharedContext(
      String hubHost, Endpoint endpoint, Optional<Proxy> proxy, Loop loop, String userAgent)
      implements ConnectionContext {}

  private RecordingContext session(String id, ScriptedOutbox outbox, SerialLoop loop) {
    return RecordingContext.builder(harness().target(id)).outbox(outbox).loop(loop).build();
  }

  private static TransportSession attach(
      SerialLoop loop, SharedConnection connection, RecordingContext context) {
    List<CompletableFuture<TransportSession>> attaching = new ArrayList<>();
    loop.run(() -> attaching.add(context.follow(connection.attach(context))));
    return Await.result(attaching.get(0));
  }

  private List<RecordingContext> attachSome(
      SerialLoop loop, SharedConnection connection, List<String> ends) {
    List<RecordingContext> contexts = new ArrayList<>();
    for (String id : ids(3)) {
      RecordingContext context = session(id, new ScriptedOutbox(), loop);
      contexts.add(context);
      attach(loop, connection, context)
          .ended()
          .thenAccept(reason -> ends.add("session " + reason.isPresent()));
    }
    return contexts;
  }

  private void assertNothingLeft(SerialLoop loop) {
    Await.until("no connection is left", () -> connections() == 0);
    Await.until("no timer is left", () -> loop.pending() == 0);
    assertThat(loop.thrown()).isEmpty();
  }
}
