package dev.fairlead.https.http;

import dev.fairlead.https.http.ExchangeFailure.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import javax.net.SocketFactory;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;

/**
 * OkHttp with everything off but HTTP/1.1 itself: no TLS, no look-ups, no time limits, no retries,
 * redirects, cookies, cache, or decoding, and only the necessary header fields.
 */
final class PlainHttp {
  private static final OkHttpClient BASE =
      new OkHttpClient.Builder()
          .protocols(List.of(Protocol.HTTP_1_1))
          // TLS is done below, in net; OkHttp's own is never set up.
          .connectionSpecs(List.of(ConnectionSpec.CLEARTEXT))
          .proxy(Proxy.NO_PROXY)
          .dns(host -> List.of(InetAddress.getLoopbackAddress()))
          .fastFallback(false)
          .retryOnConnectionFailure(false)
          .followRedirects(false)
          .followSslRedirects(false)
          // The limits of an exchange are kept by an alarm that cuts the connection: one deadline
          // for everything, and no watching thread.
          .connectTimeout(Duration.ZERO)
          .readTimeout(Duration.ZERO)
          .writeTimeout(Duration.ZERO)
          .addInterceptor(PlainHttp::asIs)
          .addNetworkInterceptor(PlainHttp::lean)
          .build();

  private PlainHttp() {}

  /** Makes the sockets that OkHttp connects. */
  @FunctionalInterface
  interface Source {
    Socket next() throws SocketException;
  }

  static OkHttpClient over(Source source, ConnectionPool pool) {
    return BASE.newBuilder().connectionPool(pool).socketFactory(new Sockets(source)).build();
  }

  /**
   * Makes OkHttp leave content encodings alone: it decodes only encodings that it requested itself.
   */
  private static Response asIs(Interceptor.Chain chain) throws IOException {
    return chain.proceed(
        chain.request().newBuilder().header("Accept-Encoding", "identity").build());
  }

  /** The last interceptor before the connection, and the first after it. */
  private static Response lean(Interceptor.Chain chain) throws IOException {
    Precondition precondition = chain.request().tag(Precondition.class);
    if (precondition != null && !precondition.holds()) {
      throw new ExchangeFailure(Reason.NOT_WANTED, "not wanted any more");
    }
    // HTTP/1.1 means both where they are absent: RFC 9112, section 9.3; RFC 9110, section 12.5.3.
    Response response =
        chain.proceed(
            chain
                .request()
                .newBuilder()
                .removeHeader("Connection")
                .removeHeader("Accept-Encoding")
                .build());
    if (response.code() == 407) {
      // OkHttp would throw an unspecific exception.
      response.close();
      throw new ExchangeFailure(Reason.PROXY_ANSWERED, "HTTP 407");
    }
    if ("0".equals(response.header("Retry-After"))) {
      // OkHttp would repeat the request by itself.
      return response.newBuilder().removeHeader("Retry-After").build();
    }
    return response;
  }

  /** Where OkHttp gets its sockets from. */
  private static final class Sockets extends SocketFactory {
    private final Source source;

    Sockets(Source source) {
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
}
