package dev.fairlead.net;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Remembers for a while which addresses of a host accepted TCP and then were silent or cut the
 * connection, so that they are tried last. It is about what only shows after TCP: a front end that
 * is ill, a path that swallows large packets, a middlebox on one address family. What a server
 * says, such as a certificate with a wrong name, is no reason: the next address would say the same.
 * At most {@value #CAPACITY} are kept; a further one displaces the oldest. Safe for any thread.
 */
final class AddressMemory {
  static final Duration LIFE = Duration.ofMinutes(10);
  static final int CAPACITY = 64;

  /** The one of all dialers in this process. */
  static final AddressMemory SHARED = new AddressMemory(System::nanoTime);

  private final LongSupplier nanoTime;
  private final Map<Place, Long> bad = new LinkedHashMap<>();

  /** The port counts: a middlebox may hold up one and let another through. */
  private record Place(String host, int port, InetAddress address) {}

  AddressMemory(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** The clock that it goes by. */
  long nanoTime() {
    return nanoTime.getAsLong();
  }

  void failed(HostName host, int port, InetAddress address) {
    Place place = new Place(host.ascii(), port, address);
    synchronized (bad) {
      bad.remove(place);
      if (bad.size() >= CAPACITY) {
        Iterator<Place> oldest = bad.keySet().iterator();
        oldest.next();
        oldest.remove();
      }
      bad.put(place, nanoTime.getAsLong());
    }
  }

  void worked(HostName host, int port, InetAddress address) {
    synchronized (bad) {
      bad.remove(new Place(host.ascii(), port, address));
    }
  }

  /** Those of the given addresses that are to be tried last. */
  List<InetAddress> lastOf(HostName host, int port, List<InetAddress> addresses) {
    long now = nanoTime.getAsLong();
    synchronized (bad) {
      bad.values().removeIf(since -> now - since >= LIFE.toNanos());
      return addresses.stream()
          .filter(address -> bad.containsKey(new Place(host.ascii(), port, address)))
          .toList();
    }
  }
}
