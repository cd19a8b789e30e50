package dev.fairlead.https.http;

import dev.fairlead.Endpoint;
import dev.fairlead.TimeSource.Alarm;
import dev.fairlead.https.http.HttpBreak.Reason;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Credential;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP/1.1 with one host over one kept-alive connection: one exchange at a time, in the order of
 * asking, on a thread that ends a moment after the last one. OkHttp writes and reads the messages;
 * the connection below is a line of {@code net}, TLS included, so to OkHttp it is plain HTTP.
 *
 * <p>An exchange is tried once. Redirects are not followed, nothing is cached, decoded or
 * remembered, and every answer is read whole within its {@link HttpLimits}. Any thread; nothing
 * here blocks its caller.
 */
public final class HubHttp {
  private static final Logger log = LoggerFactory.getLogger(HubHttp.class);

  /** How long the thread waits for a next exchange before it ends. */
  private static final Duration THREAD_REST = Duration.ofSeconds(1);

  /** A line that was quiet for so long is looked at before it carries another request. */
  private static final long LOOK_AFTER_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private static final OkHttpClient PLAIN =
      new OkHttpClient.Builder()
          .protocols(List.of(Protocol.HTTP_1_1))
          // TLS is below, in net; OkHttp's own is never set up.
          .connectionSpecs(List.of(ConnectionSpec.CLEARTEXT))
          .proxy(Proxy.NO_PROXY)
          .dns(host -> List.of(InetAddress.getLoopbackAddress()))
          .fastFallback(false)
          .retryOnConnectionFailure(false)
          .followRedirects(false)
          .followSslRedirects(false)
          // The limits of an exchange are kept by an alarm that cuts the line: one deadline in all,
          // and no thread that watches.
          .connectTimeout(Duration.ZERO)
          .readTimeout(Duration.ZERO)
          .writeTimeout(Duration.ZERO)
          .addInterceptor(HubHttp::asIs)
          .addNetworkInterceptor(HubHttp::lean)
          .build();

  /** Sets an alarm: a client's loop, or its time source. */
  @FunctionalInterface
  public interface Alarms {
    /**
     * Runs a task once, later, on any thread.
     *
     * @param delay how long from now
     * @param task returns at once
     * @return cancels it
     */
    Alarm schedule(Duration delay, Runnable task);
  }

  private final String host;
  private final Alarms alarms;
  private final ThreadPoolExecutor executor;
  private final ConnectionPool pool;
  private final OkHttpClient client;

  private final Object lock = new Object();
  private final Set<Exchange> waiting = new LinkedHashSet<>(); // the first may be under way
  private @Nullable LineSocket socket;
  private boolean over;

  // Of earlier lines; the standing one counts for itself.
  private long sentBefore;
  private long receivedBefore;
  private int lines;

  private volatile long lastUsed;

  /**
   * Prepares; nothing is dialled before the first exchange.
   *
   * @param name for the thread
   * @param dialer how to reach the host
   * @param endpoint where to, and who may vouch for the server
   * @param certificate the client certificate to show when asked, empty for none
   * @param host what the {@code Host} field says
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
    client =
        PLAIN
            .newBuilder()
            .connectionPool(pool)
            .socketFactory(
                new Lines(() -> connecting(new LineSocket(dialer.dial(endpoint, certificate)))))
            .build();
  }

  /**
   * Begins the URL of a request to this host.
   *
   * @return a builder without a path
   */
  public HttpUrl.Builder url() {
    // The host is in the Host field, where it need not be a name that OkHttp finds well-formed.
    return new HttpUrl.Builder().scheme("http").host("hub");
  }

  /**
   * Queues an exchange.
   *
   * @param request to a URL of {@link #url()}
   * @param limits what it may take
   * @return completes on this object's thread, which must not be held: with the whole answer, or
   *     exceptionally with an {@link dev.fairlead.UnreachableException} if no connection came
   *     about, an {@link HttpBreak}, or the {@link IOException} that the line gave way with
   */
  public CompletableFuture<HttpAnswer> send(Request request, HttpLimits limits) {
    Exchange exchange = new Exchange(request.newBuilder().header("Host", host).build(), limits);
    synchronized (lock) {
      if (!over) {
        waiting.add(exchange);
      }
    }
    try {
      executor.execute(exchange::run);
    } catch (RejectedExecutionException e) {
      exchange.fail(aborted());
    }
    return exchange.answer;
  }

  /**
   * Ends everything at once: exchanges that wait or are under way fail with {@link Reason#ABORTED},
   * the connection is cut, and the thread ends. A thread inside the platform's name look-up ends
   * with that. No effect when called again.
   */
  public void abort() {
    List<Exchange> left;
    LineSocket standing;
    synchronized (lock) {
      if (over) {
        return;
      }
      over = true;
      left = List.copyOf(waiting);
      waiting.clear();
      standing = socket;
    }
    if (standing != null) {
      standing.close();
    }
    left.forEach(exchange -> exchange.fail(aborted()));
    // OkHttp's own thread waits for as long as it has a connection to watch over.
    executor.execute(pool::evictAll);
    executor.shutdown();
  }

  private static HttpBreak aborted() {
    return new HttpBreak(Reason.ABORTED, "cut by this client");
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
      return lines;
    }
  }

  private Socket connecting(LineSocket fresh) throws SocketException {
    synchronized (lock) {
      if (over) {
        throw new SocketException("ended");
      }
      if (socket != null) {
        sentBefore += socket.sent();
        receivedBefore += socket.received();
      }
      socket = fresh;
      lines++;
    }
    return fresh;
  }

  /** Cuts the line if the exchange still stands on it. */
  private void overdue(Exchange exchange) {
    LineSocket standing;
    synchronized (lock) {
      if (!waiting.contains(exchange)) {
        return;
      }
      standing = socket;
      exchange.slow = true;
    }
    if (standing != null) {
      standing.close();
    }
  }

  /** The server may have closed the connection that was idle. */
  private void lookAtIdleLine() {
    LineSocket standing;
    synchronized (lock) {
      standing = socket;
    }
    if (standing != null
        && System.nanoTime() - lastUsed > LOOK_AFTER_NANOS
        && pool.idleConnectionCount() > 0
        && standing.stale()) {
      pool.evictAll();
    }
  }

  /** Makes OkHttp leave content encodings alone: it decodes only what it asked for by itself. */
  private static Response asIs(Interceptor.Chain chain) throws IOException {
    return chain.proceed(
        chain.request().newBuilder().header("Accept-Encoding", "identity").build());
  }

  /** HTTP/1.1 means both without being told: RFC 9112, section 9.3; RFC 9110, section 12.5.3. */
  private static Response lean(Interceptor.Chain chain) throws IOException {
    Precondition precondition = chain.request().tag(Precondition.class);
    if (precondition != null && !precondition.holds()) {
      throw new HttpBreak(Reason.NOT_WANTED, "not wanted any more");
    }
    Response response =
        chain.proceed(
            chain
                .request()
                .newBuilder()
                .removeHeader("Connection")
                .removeHeader("Accept-Encoding")
                .build());
    if (response.code() == 407) {
      // OkHttp would throw an exception whose kind says nothing.
      throw new HttpBreak(Reason.PROXY_ANSWERED, "HTTP 407");
    }
    return response;
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
        Duration time = limits.timeFor(body == null ? 0 : body.contentLength());
        alarm = alarms.schedule(time, () -> overdue(this));
        lookAtIdleLine();
        HttpAnswer got = exchange();
        lastUsed = System.nanoTime();
        done();
        answer.complete(got);
      } catch (IOException | RuntimeException e) {
        done();
        fail(e);
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
      try (Response response = client.newCall(request).execute()) {
        boolean whole = false;
        try {
          HttpAnswer got = read(response);
          whole = true;
          if (response.protocol() == Protocol.HTTP_1_0) {
            // It closes after each answer, whether it says so or not: RFC 9112, section 9.3.
            cut();
          }
          return got;
        } finally {
          if (!whole) {
            // Else OkHttp would read on for a while, to save the connection.
            cut();
          }
        }
      }
    }

    private void cut() {
      LineSocket standing;
      synchronized (lock) {
        standing = socket;
      }
      if (standing != null) {
        standing.close();
      }
    }

    private HttpAnswer read(Response response) throws IOException {
      String encoding = response.header("Content-Encoding", "identity");
      if (!"identity".equalsIgnoreCase(encoding)) {
        throw new HttpBreak(Reason.ENCODED, "content encoding");
      }
      BufferedSource source = response.body().source();
      if (source.request(limits.answerBytes() + 1L)) {
        throw new HttpBreak(
            Reason.TOO_LARGE, "an answer of more than " + limits.answerBytes() + " bytes");
      }
      return new HttpAnswer(response.code(), response.headers(), source.readByteArray());
    }

    void fail(Throwable cause) {
      Throwable told = cause;
      if (slow) {
        told = new HttpBreak(Reason.SLOW, "no answer in time");
      } else if (cause instanceof LineSocket.NotDialled refused) {
        told = refused.failure();
      }
      if (answer.completeExceptionally(told)) {
        log.debug("{} {} failed", request.method(), request.url().encodedPath(), told);
      }
    }
  }

  /** Where OkHttp gets its sockets from. */
  private static final class Lines extends SocketFactory {
    private final Source source;

    Lines(Source source) {
      this.source = source;
    }

    @Override
    public Socket createSocket() throws SocketException {
      return source.next();
    }

    @Override
    public Socket createSocket(String ignored, int port) {
      throw connected();
    }

    @Override
    public Socket createSocket(String ignored, int port, InetAddress local, int localPort) {
      throw connected();
    }

    @Override
    public Socket createSocket(InetAddress ignored, int port) {
      throw connected();
    }

    @Override
    public Socket createSocket(InetAddress ignored, int port, InetAddress local, int localPort) {
      throw connected();
    }

    private static UnsupportedOperationException connected() {
      return new UnsupportedOperationException("OkHttp connects its sockets itself.");
    }
  }

  private interface Source {
    Socket next() throws SocketException;
  }
}
