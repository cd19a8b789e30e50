package dev.fairlead.session;

import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Loop;
import dev.fairlead.spi.TransportSession;
import dev.fairlead.spi.TransportSession.Renewal;
import dev.fairlead.threads.Failures;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a new credential under a live session before the old one expires: in place where the wire
 * can do that, else by an orderly re-opening. Confined to the loop.
 */
final class CredentialRenewal {
  private static final Logger log = LoggerFactory.getLogger(CredentialRenewal.class);

  /**
   * Wall clocks jump and machines sleep: the time of a renewal is looked at again this often at
   * least.
   */
  private static final Duration LOOK = Duration.ofHours(1);

  private static final Duration RETRY = Duration.ofSeconds(30);

  private final Loop loop;
  private final CredentialCache credentials;
  private final Consumer<LiveSession> reopen;

  CredentialRenewal(Loop loop, CredentialCache credentials, Consumer<LiveSession> reopen) {
    this.loop = loop;
    this.credentials = credentials;
    this.reopen = reopen;
  }

  /** Watches over a session for as long as it lives. */
  void watch(LiveSession live, TransportSession session) {
    loop.assertInLoop();
    credentials
        .freshFor()
        .ifPresent(
            fresh ->
                live.after(
                    fresh.compareTo(LOOK) < 0 ? fresh : LOOK,
                    () -> {
                      if (credentials.isFresh()) {
                        watch(live, session);
                      } else {
                        renew(live, session);
                      }
                    }));
  }

  private void renew(LiveSession live, TransportSession session) {
    onLoop(
        live,
        credentials.fetch(),
        (credential, failure) -> {
          if (credential == null) {
            failed(live, session, failure);
          } else {
            credentials.use(credential);
            present(live, session, credential);
          }
        });
  }

  private void present(LiveSession live, TransportSession session, Credential credential) {
    onLoop(
        live,
        session.renew(credential),
        (answer, failure) -> {
          if (answer == Renewal.RENEWED) {
            watch(live, session);
          } else if (answer == Renewal.NEEDS_REOPEN) {
            log.info("{}: opening a new session with a new token", live.identity());
            reopen.accept(live);
          } else {
            failed(live, session, failure);
          }
        });
  }

  private void failed(LiveSession live, TransportSession session, @Nullable Throwable failure) {
    log.warn(
        "{}: the credential could not be renewed; trying again in {} s: {}",
        live.identity(),
        RETRY.toSeconds(),
        failure == null ? "no answer" : Failures.of(failure, Stage.SESSION).getMessage());
    live.after(RETRY, () -> renew(live, session));
  }

  private <T> void onLoop(
      LiveSession live,
      CompletionStage<T> stage,
      BiConsumer<@Nullable T, @Nullable Throwable> then) {
    stage.whenComplete(
        (value, failure) ->
            loop.execute(
                () -> {
                  if (!live.isOver()) {
                    then.accept(value, failure);
                  }
                }));
  }
}
