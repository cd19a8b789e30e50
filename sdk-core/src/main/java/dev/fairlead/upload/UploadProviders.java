package dev.fairlead.upload;

import dev.fairlead.spi.UploadProvider;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the provider of file uploads. */
public final class UploadProviders {
  private static final Logger log = LoggerFactory.getLogger(UploadProviders.class);

  private UploadProviders() {}

  /** The first provider that can be loaded; one that cannot is reported. */
  public static Optional<UploadProvider> find() {
    try {
      return ServiceLoader.load(UploadProvider.class).findFirst();
    } catch (ServiceConfigurationError | LinkageError | RuntimeException e) {
      log.warn("A provider of file uploads cannot be loaded and is passed over: {}", e.toString());
      return Optional.empty();
    }
  }
}
