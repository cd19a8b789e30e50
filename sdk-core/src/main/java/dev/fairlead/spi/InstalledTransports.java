package dev.fairlead.spi;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The transports on the class path or module path of the calling thread's context class loader.
 *
 * @param transports those that can be used, in the order in which they were found
 * @param failures why others cannot be used: one sentence each, for a person
 */
public record InstalledTransports(List<Installed> transports, List<String> failures) {
  /** Copies the lists. */
  public InstalledTransports {
    transports = List.copyOf(transports);
    failures = List.copyOf(failures);
  }

  /**
   * One transport.
   *
   * @param provider its provider
   * @param offer what it offers
   */
  public record Installed(TransportProvider provider, TransportOffer offer) {}

  /**
   * Looks for transports. Nothing is thrown: a provider that cannot be loaded, or cannot make its
   * offer, is one of the failures.
   *
   * @return what there is now
   */
  public static InstalledTransports find() {
    List<Installed> transports = new ArrayList<>();
    List<String> failures = new ArrayList<>();
    Iterator<TransportProvider> found = ServiceLoader.load(TransportProvider.class).iterator();
    while (addNext(found, transports, failures)) {}
    return new InstalledTransports(transports, failures);
  }

  private static boolean addNext(
      Iterator<TransportProvider> found, List<Installed> transports, List<String> failures) {
    try {
      if (!found.hasNext()) {
        return false;
      }
      TransportProvider provider = found.next();
      transports.add(new Installed(provider, provider.offer()));
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      failures.add("A transport is installed but cannot be loaded: " + reason(e) + ".");
    }
    return true;
  }

  /** With its cause, because "could not be instantiated" alone does not help. */
  private static String reason(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure + (cause == null ? "" : ", because of " + cause);
  }

  /**
   * What the transports offer.
   *
   * @return the offers, in the order of {@link #transports()}
   */
  public List<TransportOffer> offers() {
    return transports.stream().map(Installed::offer).toList();
  }
}
