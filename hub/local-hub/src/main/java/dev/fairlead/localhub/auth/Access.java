package dev.fairlead.localhub.auth;

import dev.fairlead.localhub.registry.HubDevice;
import java.time.Instant;
import java.util.Optional;

/** The hub's decision about a client that connects. */
public sealed interface Access {

  /**
   * Granted.
   *
   * @param device the identity
   * @param generation which of the identity's credentials were valid; see {@link HubDevice#attach}
   * @param method the {@code iothub-connection-auth-method} of its telemetry
   * @param expiry when the token expires; empty for a certificate
   */
  record Granted(HubDevice device, long generation, String method, Optional<Instant> expiry)
      implements Access {}

  /**
   * Refused. The client gets little detail; the hub's log has the full reason.
   *
   * @param code the six-digit error code
   * @param reason for the log; contains no secret
   */
  record Refused(int code, String reason) implements Access {}
}
