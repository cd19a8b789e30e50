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
 * connection, so that they are tried last. This covers faults that show only after TCP: a front end
 * that is ill, a path that drops large packets, a middlebox on one address family. An answer of the
 * server, such as a certificate with a wrong name, is no reason, because the next address would
 * give the same one. At most {@value #CAPACITY} are kept; a further one replaces the oldest. Safe
 * for any thread.
 */
final class AddressMemory {
  static final Duration LIFE = Duration.ofMinutes(10);
  static final int CAPACITY = 64;

  /** The memory that all dialers in this process share. */
  static final AddressMemory SHARED = new AddressMemory(System::nanoTime);

  private final LongSupplier nanoTime;
  private final Map<Place, Long> bad = new LinkedHashMap<>();

  /** Includes the port, because a middlebox may block one port only. */
  private record Place(String host, int port, InetAddress address) {}

  AddressMemory(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** The clock for expiry. */
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
