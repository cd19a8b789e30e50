package dev.fairlead.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Connects to the first of several addresses that answers: a new attempt is started when the one
 * before has failed or has not answered for a moment, and the others are dropped when one connects.
 * All on the caller's thread. RFC 8305, sections 4 and 5.
 */
final class AddressRace {
  /** More addresses than any hub's name has; a hostile name server may send thousands. */
  static final int MAX_ADDRESSES = 16;

  private final int port;
  private final Duration stagger;
  private final Duration timeout;
  private final Dial dial;

  /** What happened to each address, for the message. */
  private final Map<InetAddress, IOException> failures = new LinkedHashMap<>();

  AddressRace(int port, Duration stagger, Duration timeout, Dial dial) {
    this.port = port;
    this.stagger = stagger;
    this.timeout = timeout;
    this.dial = dial;
  }

  Map<InetAddress, IOException> failures() {
    return failures;
  }

  /**
   * The same with some of the addresses tried only when all others have failed.
   *
   * @param last which of them
   */
  @Nullable SocketChannel run(List<InetAddress> addresses, List<InetAddress> last)
      throws IOException {
    List<InetAddress> first = addresses.stream().filter(each -> !last.contains(each)).toList();
    SocketChannel connected = first.isEmpty() ? null : run(first);
    return connected == null && !last.isEmpty() ? run(last) : connected;
  }

  /**
   * A blocking, connected channel, or null if every address failed; {@link #failures} holds the
   * reasons.
   */
  @Nullable SocketChannel run(List<InetAddress> addresses) throws IOException {
    Deque<InetAddress> waiting = new ArrayDeque<>(interleave(addresses));
    SocketChannel winner = null;
    try (Selector selector = Selector.open()) {
      dial.hold(selector::wakeup);
      try {
        winner = race(selector, waiting);
      } finally {
        for (SelectionKey key : selector.keys()) {
          if (key.channel() != winner) {
            key.channel().close();
          }
        }
      }
    }
    if (winner != null) {
      winner.configureBlocking(true);
    }
    return winner;
  }

  private @Nullable SocketChannel race(Selector selector, Deque<InetAddress> waiting)
      throws IOException {
    Map<SocketChannel, Attempt> pending = new LinkedHashMap<>();
    long nextStart = System.nanoTime();
    while (true) {
      dial.failIfAborted();
      long now = System.nanoTime();
      if (!waiting.isEmpty() && (pending.isEmpty() || now - nextStart >= 0)) {
        SocketChannel connected = start(selector, waiting.removeFirst(), now, pending);
        if (connected != null) {
          return connected;
        }
        nextStart = now + stagger.toNanos();
        continue;
      }
      if (pending.isEmpty()) {
        return null;
      }
      long wait = waiting.isEmpty() ? Long.MAX_VALUE : nextStart - now;
      for (Attempt attempt : pending.values()) {
        wait = Math.min(wait, attempt.deadline - now);
      }
      selector.select(Math.max(1, wait / 1_000_000 + 1));
      for (SelectionKey key : selector.selectedKeys()) {
        SocketChannel channel = (SocketChannel) key.channel();
        try {
          if (channel.finishConnect()) {
            return channel;
          }
        } catch (IOException e) {
          drop(channel, pending, e);
          nextStart = System.nanoTime();
        }
      }
      selector.selectedKeys().clear();
      for (Map.Entry<SocketChannel, Attempt> entry : List.copyOf(pending.entrySet())) {
        if (System.nanoTime() - entry.getValue().deadline >= 0) {
          drop(
              entry.getKey(),
              pending,
              new SocketTimeoutException("no answer within " + timeout.toMillis() + " ms"));
        }
      }
    }
  }

  /** The channel if it is connected already, as may be on loopback. */
  private @Nullable SocketChannel start(
      Selector selector, InetAddress address, long now, Map<SocketChannel, Attempt> pending)
      throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      channel.register(selector, SelectionKey.OP_CONNECT);
      if (channel.connect(new InetSocketAddress(address, port))) {
        return channel;
      }
      pending.put(channel, new Attempt(address, now + timeout.toNanos()));
    } catch (IOException | RuntimeException e) {
      channel.close();
      failures.put(
          address, e instanceof IOException io ? io : new ConnectException(String.valueOf(e)));
    }
    return null;
  }

  private void drop(SocketChannel channel, Map<SocketChannel, Attempt> pending, IOException failure)
      throws IOException {
    Attempt attempt = pending.remove(channel);
    channel.close();
    if (attempt != null) {
      failures.put(attempt.address, failure);
    }
  }

  /** Alternates the families, beginning with the first address's. RFC 8305, section 4. */
  static List<InetAddress> interleave(List<InetAddress> addresses) {
    Deque<InetAddress> first = new ArrayDeque<>();
    Deque<InetAddress> second = new ArrayDeque<>();
    boolean firstIsFour = !addresses.isEmpty() && addresses.get(0) instanceof Inet4Address;
    for (InetAddress address : addresses) {
      (address instanceof Inet4Address == firstIsFour ? first : second).add(address);
    }
    List<InetAddress> mixed = new ArrayList<>();
    while (mixed.size() < MAX_ADDRESSES && !(first.isEmpty() && second.isEmpty())) {
      if (!first.isEmpty()) {
        mixed.add(first.removeFirst());
      }
      if (!second.isEmpty() && mixed.size() < MAX_ADDRESSES) {
        mixed.add(second.removeFirst());
      }
    }
    return mixed;
  }

  private record Attempt(InetAddress address, long deadline) {}
}
