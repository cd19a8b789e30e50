package dev.fairlead.spi;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.Trust;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Everything that one upload needs. Any thread. */
public interface UploadContext {
  /**
   * Who uploads.
   *
   * @return the identity
   */
  DeviceIdentity identity();

  /**
   * Where the hub's HTTPS interface is, and which CAs may have signed its certificate.
   *
   * @return the endpoint
   */
  Endpoint endpoint();

  /**
   * The hub's own name, even if another host is dialled.
   *
   * @return the host name
   */
  String hubHost();

  /**
   * Which CAs may have signed the storage's certificate. The storage is a separate host, named by
   * the hub.
   *
   * @return the client's trust; that of {@link #endpoint()} is for that host alone
   */
  Trust trust();

  /**
   * The proxy to connect through.
   *
   * @return the proxy that every connection has to use, empty for none
   */
  Optional<Proxy> proxy();

  /**
   * What to show the hub; fetched again if the last one is no longer fresh or was refused.
   *
   * @return completes on any thread
   */
  CompletionStage<Credential> credential();

  /** Reports that the hub refused the credential that was handed out last. */
  void credentialRefused();

  /**
   * The client's loop, for its clocks and alarms.
   *
   * @return the loop
   */
  Loop loop();

  /**
   * The client's user agent.
   *
   * @return the agent text, not encoded
   */
  String userAgent();

  /**
   * Reports progress.
   *
   * @param bytes how many bytes the storage has taken in all
   */
  void progress(long bytes);
}
