package dev.fairlead.spi;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Endpoint;
import dev.fairlead.Proxy;
import dev.fairlead.Trust;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** All that one upload is given. Any thread. */
public interface UploadContext {
  /**
   * Who uploads.
   *
   * @return the identity
   */
  DeviceIdentity identity();

  /**
   * Where the hub's HTTPS interface is, and who may vouch for it.
   *
   * @return the endpoint
   */
  Endpoint endpoint();

  /**
   * The hub's own name, even where something else is dialled.
   *
   * @return the host name
   */
  String hubHost();

  /**
   * Who may vouch for the storage, which is a host of its own that the hub names.
   *
   * @return the client's trust; that of {@link #endpoint()} is for that host alone
   */
  Trust trust();

  /**
   * What to go through.
   *
   * @return the proxy that every connection has to use, empty for none
   */
  Optional<Proxy> proxy();

  /**
   * What to show the hub, fetched anew if the last one is not fresh any more or was refused.
   *
   * @return completes on any thread
   */
  CompletionStage<Credential> credential();

  /** Says that the hub refused the credential that was handed out last. */
  void credentialRefused();

  /**
   * The client's loop, for its clocks and alarms.
   *
   * @return the loop
   */
  Loop loop();

  /**
   * What this client calls itself.
   *
   * @return the agent text, not encoded
   */
  String userAgent();

  /**
   * Says how far it has come.
   *
   * @param bytes how many bytes the storage has taken in all
   */
  void progress(long bytes);
}
