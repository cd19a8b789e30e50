package dev.fairlead.https;

import dev.fairlead.HubException;
import dev.fairlead.UnreachableException.Stage;
import dev.fairlead.https.http.HttpAnswer;
import dev.fairlead.https.http.HttpLimits;
import dev.fairlead.https.http.HttpsFailures;
import dev.fairlead.https.http.HubHttp;
import dev.fairlead.spi.Loop;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import okhttp3.Request;

/** Requests whose outcomes are delivered on the loop. Confined to it. */
final class Exchanges {
  /** The largest error, or answer without content, that is read. */
  static final int SMALL = 16 * 1024;

  private final HubHttp http;
  private final Loop loop;
  private final HttpsFailures failures;
  private final Duration time;
  private final Runnable settled;
  private int underWay;

  /**
   * @param settled called after each outcome was handled
   */
  Exchanges(HubHttp http, Loop loop, HttpsFailures failures, Duration time, Runnable settled) {
    this.http = http;
    this.loop = loop;
    this.failures = failures;
    this.time = time;
    this.settled = settled;
  }

  /** How many requests wait for their answer. */
  int underWay() {
    return underWay;
  }

  /**
   * Sends a request.
   *
   * @param what the request, as in "the hub refused …"
   * @param most the largest body to read
   * @param answered takes the answer, whatever its status
   * @param broken takes the failure if there is none
   */
  void send(
      Request request,
      String what,
      int most,
      Consumer<HttpAnswer> answered,
      Consumer<HubException> broken) {
    send(request, what, Stage.SESSION, new HttpLimits(time, most), answered, broken);
  }

  /** Sends the request that opens the session; the client times it and aborts it. */
  void open(
      Request request, String what, Consumer<HttpAnswer> answered, Consumer<HubException> broken) {
    send(request, what, Stage.OPEN, new HttpLimits(Optional.empty(), SMALL), answered, broken);
  }

  private void send(
      Request request,
      String what,
      Stage stage,
      HttpLimits limits,
      Consumer<HttpAnswer> answered,
      Consumer<HubException> broken) {
    loop.assertInLoop();
    underWay++;
    http.send(request, limits)
        .whenComplete(
            (answer, failure) ->
                loop.execute(
                    () -> {
                      underWay--;
                      if (failure == null) {
                        answered.accept(answer);
                      } else {
                        broken.accept(failures.broken(failure, what, stage));
                      }
                      settled.run();
                    }));
  }
}
