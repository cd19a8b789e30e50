package dev.fairlead.localhub.auth;

import dev.fairlead.localhub.registry.HubDevice;
import java.time.Instant;
import java.util.Optional;

/** The hub's answer to a client that wants to connect. */
public sealed interface Access {

  /**
   * Come in.
   *
   * @param device the identity
   * @param generation which of the identity's credentials were valid; see {@link HubDevice#attach}
   * @param method the {@code iothub-connection-auth-method} of its telemetry
   * @param expiry when the token ends; empty for a certificate
   */
  record Granted(HubDevice device, long generation, String method, Optional<Instant> expiry)
      implements Access {}

  /**
   * Stay out. A client is told little; the hub's log is told all.
   *
   * @param code the six-digit error code
   * @param reason for the log; contains no secret
   */
  record Refused(int code, String reason) implements Access {}
}
