package dev.fairlead.https.http;

import dev.fairlead.fuzz.Expect;
import dev.fairlead.fuzz.Pieces;
import dev.fairlead.https.Fields;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** Answers of a hub or a storage, through OkHttp as the transport sets it up. */
public final class AnswerFuzz {
  private static final int MOST = 64 * 1024;
  private static final Request REQUEST = new Request.Builder().url("http://hub/devices").build();
  private static final ThreadLocal<byte[]> SENT = new ThreadLocal<>();
  private static final OkHttpClient CLIENT =
      PlainHttp.over(() -> new Peer(SENT.get()), new ConnectionPool(0, 1, TimeUnit.NANOSECONDS));

  private AnswerFuzz() {}

  /** The first byte is the size of the pieces, the rest is what the server sends. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) {
      return;
    }
    SENT.set(input);
    HttpAnswer answer = read();
    if (answer != null) {
      Expect.that(answer.body().length <= MOST, "a body over the bound");
      Expect.that(!answer.toString().contains("secret"), "a field is shown");
      answer.page();
      answer.text();
      RetryAfter.of(answer, Instant.EPOCH);
      RetryAfter.date(answer.header("Date").orElse(""));
      Fields.read(answer.headers());
    }
  }

  private static @Nullable HttpAnswer read() {
    try (Response response = CLIENT.newCall(REQUEST).execute()) {
      return HttpAnswer.read(response, MOST);
    } catch (IOException e) {
      return null;
    } catch (RuntimeException e) {
      // OkHttp reports some faults of peers as an unchecked exception; HubHttp expects that.
      if (e.getStackTrace()[0].getClassName().startsWith("dev.fairlead.")) {
        throw e;
      }
      return null;
    }
  }

  /** A socket that the server's bytes come from. */
  private static final class Peer extends Socket {
    private final InputStream in;
    private boolean open;

    Peer(byte[] input) throws SocketException {
      super((SocketImpl) null);
      AnswerInput answer = new AnswerInput(new Pieces(input, 1, 1 + (input[0] & 0xff)));
      answer.begin();
      in = answer;
    }

    @Override
    public void connect(SocketAddress ignored, int timeout) {
      open = true;
    }

    @Override
    public InputStream getInputStream() {
      return in;
    }

    @Override
    public OutputStream getOutputStream() {
      return OutputStream.nullOutputStream();
    }

    @Override
    public void setSoTimeout(int millis) {}

    @Override
    public int getSoTimeout() {
      return 0;
    }

    @Override
    public boolean isConnected() {
      return open;
    }

    @Override
    public boolean isClosed() {
      return !open;
    }

    @Override
    public boolean isInputShutdown() {
      return !open;
    }

    @Override
    public boolean isOutputShutdown() {
      return !open;
    }

    @Override
    public void close() {
      open = false;
    }
  }
}
