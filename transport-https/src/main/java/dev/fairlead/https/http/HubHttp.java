package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.https.http.ExchangeFailure.Reason;
import dev.fairlead.net.Dial;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import dev.fairlead.spi.Opening;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 with one host over one kept-alive connection: one exchange at a time, in order, on a
 * thread that ends shortly after the last one. OkHttp writes and reads the messages; the connection
 * below is one of {@code net}, TLS included, so to OkHttp it is plain HTTP.
 *
 * <p>An exchange is tried once, except when the server asks for the certificate only in TLS 1.2.
 * Redirects are not followed, nothing is cached, decoded or remembered, and every answer is read
 * completely within its {@link HttpLimits}. Any thread; no method blocks its caller.
 */
public final class HubHttp {
  private static final Logger log = LoggerFactory.getLogger(HubHttp.class);

  /** How long the thread waits for another exchange before it ends. */
  private static final Duration THREAD_REST = Duration.ofSeconds(1);

  /** A connection that was idle for this long is checked before it carries another request. */
  static final long CHECK_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Sets an alarm: a client's loop, or its time source. */
  @FunctionalInterface
  public interface Alarms {
    /**
     * Runs a task once, later, on any thread.
     *
     * @param delay how long from now
     * @param task returns immediately
     * @return cancels it
     */
    Alarm schedule(Duration delay, Runnable task);
  }

  private final String host;
  private final Dialer dialer;
  private final Endpoint endpoint;
  private final Optional<Credential.Certificate> certificate;
  private final Alarms alarms;
  private final ThreadPoolExecutor executor;
  private final ConnectionPool pool;
  private final OkHttpClient client;

  private final Object lock = new Object();
  private final Set<Exchange> waiting = new LinkedHashSet<>(); // the first may be in progress
  private @Nullable ConnectionSocket socket;
  private boolean over;

  // Of earlier connections; the present one has its own counts.
  private long sentBefore;
  private long receivedBefore;
  private int connections;

  private volatile long lastUsed;

  /** Whether the next connection has to let the server ask for the certificate once more. */
  private volatile boolean renegotiable;

  /**
   * Creates it; nothing is dialled before the first exchange.
   *
   * @param name for the thread
   * @param dialer how to reach the host
   * @param endpoint the address, and which CAs may have signed the server's certificate
   * @param certificate the client certificate to show when asked, empty for none
   * @param host the content of the {@code Host} field
   * @param keepAlive how long a connection is kept without an exchange
   * @param alarms for the time limits of exchanges
   */
  public HubHttp(
      String name,
      Dialer dialer,
      Endpoint endpoint,
      Optional<Credential.Certificate> certificate,
      String host,
      Duration keepAlive,
      Alarms alarms) {
    this.host = host;
    this.dialer = dialer;
    this.endpoint = endpoint;
    this.certificate = certificate;
    this.alarms = alarms;
    executor =
        new ThreadPoolExecutor(
            1,
            1,
            THREAD_REST.toMillis(),
            TimeUnit.MILLISECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    pool = new ConnectionPool(1, keepAlive.toMillis(), TimeUnit.MILLISECONDS);
    client = PlainHttp.over(() -> connecting(new ConnectionSocket(dial())), pool);
  }

  /**
   * Begins the URL of a request to this host.
   *
   * @return a builder without a path
   */
  public HttpUrl.Builder url() {
    // The host is in the Host field, because OkHttp may refuse it in a URL.
    return new HttpUrl.Builder().scheme("http").host("hub");
  }

  /**
   * Queues an exchange.
   *
   * @param request to a URL of {@link #url()}
   * @param limits its limits
   * @return completes on this object's thread, which must not be held: with the whole answer, or
   *     exceptionally with an {@link dev.fairlead.UnreachableException} if no connection came
   *     about, an {@link ExchangeFailure}, or the {@link IOException} that broke the connection
   */
  public CompletionStage<HttpAnswer> send(Request request, HttpLimits limits) {
    Exchange exchange = new Exchange(request.newBuilder().header("Host", host).build(), limits);
    boolean late;
    synchronized (lock) {
      late = over;
      if (!late) {
        waiting.add(exchange);
      }
    }
    if (late) {
      exchange.fail(aborted());
      return exchange.answer;
    }
    try {
      executor.execute(exchange::run);
    } catch (RejectedExecutionException e) {
      exchange.fail(aborted());
    }
    return exchange.answer;
  }

  /**
   * What an exchange currently waits for, for error messages.
   *
   * @param what its request, as in "the answer to …"
   * @return a noun phrase without a final stop
   */
  public String step(String what) {
    ConnectionSocket present = present();
    if (present == null) {
      return Opening.OWN_WORK + "begin the connection to " + endpoint;
    }
    if (present.isClosed() && present.dialling().isEmpty()) {
      return "the connection to " + endpoint;
    }
    return present.dialling().orElseGet(() -> "the answer of " + endpoint + " to " + what);
  }

  /**
   * Ends everything immediately: queued and running exchanges fail with {@link Reason#ABORTED}, the
   * connection is cut, and the thread ends. A thread inside the platform's name look-up ends with
   * that. No effect when called again.
   */
  public void abort() {
    List<Exchange> left;
    ConnectionSocket present;
    synchronized (lock) {
      if (over) {
        return;
      }
      over = true;
      left = List.copyOf(waiting);
      waiting.clear();
      present = socket;
    }
    // Before the connection is cut, because the failures after the cut are less specific.
    left.forEach(exchange -> exchange.fail(aborted()));
    if (present != null) {
      present.close();
    }
    // OkHttp's own thread lives as long as there is a connection to watch.
    executor.execute(pool::evictAll);
    executor.shutdown();
  }

  private static ExchangeFailure aborted() {
    return new ExchangeFailure(Reason.ABORTED, "cut by this client");
  }

  /**
   * Bytes handed to the network so far, those of TLS included.
   *
   * @return the count
   */
  public long bytesSent() {
    synchronized (lock) {
      return sentBefore + (socket == null ? 0 : socket.sent());
    }
  }

  /**
   * Bytes received from the network so far, those of TLS included.
   *
   * @return the count
   */
  public long bytesReceived() {
    synchronized (lock) {
      return receivedBefore + (socket == null ? 0 : socket.received());
    }
  }

  /**
   * How many connections were begun so far.
   *
   * @return the count
   */
  public int connections() {
    synchronized (lock) {
      return connections;
    }
  }

  private Dial dial() {
    return renegotiable && certificate.isPresent()
        ? dialer.dialRenegotiable(endpoint, certificate.get())
        : dialer.dial(endpoint, certificate);
  }

  private Socket connecting(ConnectionSocket fresh) throws SocketException {
    synchronized (lock) {
      if (over) {
        throw new SocketException("ended");
      }
      if (socket != null) {
        sentBefore += socket.sent();
        receivedBefore += socket.received();
      }
      socket = fresh;
      connections++;
    }
    return fresh;
  }

  private @Nullable ConnectionSocket present() {
    synchronized (lock) {
      return socket;
    }
  }

  /** Cuts the connection if the exchange still uses it. */
  private void overdue(Exchange exchange) {
    ConnectionSocket present;
    synchronized (lock) {
      if (!waiting.contains(exchange)) {
        return;
      }
      present = socket;
      exchange.slow = true;
    }
    if (present != null) {
      present.close();
    }
  }

  /** The server may have closed the connection that was idle. */
  private void checkIdleConnection() {
    ConnectionSocket present = present();
    if (present != null
        && System.nanoTime() - lastUsed > CHECK_AFTER_NANOS
        && pool.idleConnectionCount() > 0
        && present.stale()) {
      pool.evictAll();
    }
  }

  private final class Exchange {
    private final Request request;
    private final HttpLimits limits;
    private final CompletableFuture<HttpAnswer> answer = new CompletableFuture<>();
    private volatile boolean slow;

    Exchange(Request request, HttpLimits limits) {
      this.request = request;
      this.limits = limits;
    }

    void run() {
      synchronized (lock) {
        if (!waiting.contains(this)) {
          return;
        }
      }
      Alarm alarm = null;
      try {
        RequestBody body = request.body();
        Optional<Duration> time = limits.timeFor(body == null ? 0 : body.contentLength());
        alarm = time.map(limit -> alarms.schedule(limit, () -> overdue(this))).orElse(null);
        checkIdleConnection();
        HttpAnswer got = exchange();
        lastUsed = System.nanoTime();
        done();
        answer.complete(got);
      } catch (IOException e) {
        done();
        fail(e);
      } catch (RuntimeException e) {
        // OkHttp reports some faults of peers as an unchecked exception, such as an illegal
        // argument.
        done();
        ProtocolException wrong = new ProtocolException("an answer that cannot be read");
        wrong.initCause(e);
        fail(wrong);
      } catch (Error e) {
        done();
        fail(e);
        throw e;
      } finally {
        if (alarm != null) {
          alarm.cancel();
        }
      }
    }

    private void done() {
      synchronized (lock) {
        waiting.remove(this);
      }
    }

    private HttpAnswer exchange() throws IOException {
      HttpAnswer answer = once();
      return mayHaveMissedCertificate(answer) ? renegotiated(answer) : answer;
    }

    /**
     * Whether the server may have refused because it got no certificate. A poll is not repeated,
     * because the hub counts it.
     */
    private boolean mayHaveMissedCertificate(HttpAnswer answer) {
      ConnectionSocket present = present();
      return answer.status() == 401
          && certificate.isPresent()
          && request.tag(Precondition.class) == null
          && present != null
          && present.tlsVersion().equals("TLSv1.3");
    }

    /** Asks once more in TLS 1.2; the first answer is kept if that gives none. */
    private HttpAnswer renegotiated(HttpAnswer first) {
      log.debug("{} answered 401 in TLS 1.3; asking again in TLS 1.2", endpoint);
      cut();
      pool.evictAll();
      renegotiable = true;
      try {
        HttpAnswer second = once();
        if (second.status() != 401) {
          log.info("{} asks for the client certificate only in TLS 1.2", endpoint);
          dialer.expectRenegotiation(endpoint);
        }
        return second;
      } catch (IOException | RuntimeException e) {
        log.debug("{} gave no answer in TLS 1.2", endpoint, e);
        return first;
      } finally {
        renegotiable = false;
      }
    }

    private HttpAnswer once() throws IOException {
      answerBegins();
      try (Response response = client.newCall(request).execute()) {
        boolean reusable = false;
        try {
          HttpAnswer got = HttpAnswer.read(response, limits.answerBytes());
          // HTTP/1.0 closes after each answer, even without saying so: RFC 9112, section 9.3.
          reusable = response.protocol() != Protocol.HTTP_1_0 && !sentMore(response, got);
          return got;
        } finally {
          if (!reusable) {
            // Otherwise OkHttp would read on for a while, to keep the connection.
            cut();
          }
        }
      }
    }

    private void answerBegins() {
      ConnectionSocket present = present();
      if (present != null) {
        present.answerBegins();
      }
    }

    /** Bytes after an answer would be taken as the answer to the next request. */
    private boolean sentMore(Response response, HttpAnswer got) {
      ConnectionSocket present = present();
      return present != null
          && response.header("Transfer-Encoding") == null
          && present.sentMoreThan(got.body().length);
    }

    private void cut() {
      ConnectionSocket present = present();
      if (present != null) {
        present.close();
      }
    }

    void fail(Throwable cause) {
      Throwable failure = cause;
      if (slow) {
        failure = new ExchangeFailure(Reason.SLOW, "no answer in time");
      } else if (cause instanceof ConnectionSocket.NotDialled refused) {
        failure = refused.failure();
      }
      if (answer.completeExceptionally(failure)) {
        log.debug("{} {} failed", request.method(), request.url().encodedPath(), failure);
      }
    }
  }
}
