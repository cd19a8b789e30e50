package dev.fairlead.localhub.program;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * Answers {@code GET /health} on loopback, in plain HTTP, with a line of JSON. One daemon thread.
 */
public final class HealthAddress implements AutoCloseable {

  private final HttpServer server;

  /**
   * Listens.
   *
   * @param port 0 for a free one
   * @param summary supplies the JSON of the answer
   */
  public HealthAddress(int port, Supplier<String> summary) throws IOException {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new IOException(
          "The hub cannot listen for health requests on port "
              + port
              + ": "
              + e.getMessage()
              + ". Choose another port.",
          e);
    }
    server.createContext("/health", exchange -> answer(exchange, summary));
    // The server's own thread handles requests, too; it is a daemon if the thread that starts it is
    // one.
    Thread starter = new Thread(server::start, "local-hub-health");
    starter.setDaemon(true);
    starter.start();
    try {
      starter.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(HttpExchange exchange, Supplier<String> summary) throws IOException {
    try (exchange) {
      boolean get = exchange.getRequestMethod().equals("GET");
      byte[] body = get ? (summary.get() + "\n").getBytes(StandardCharsets.UTF_8) : new byte[0];
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(get ? 200 : 405, get ? body.length : -1);
      if (get) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  /** The port. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
