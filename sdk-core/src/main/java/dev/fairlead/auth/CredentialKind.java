package dev.fairlead.auth;

/**
 * How the identity authenticates. It matters to route planning, because not every protocol accepts
 * every kind. Source: IoT Hub, "Authenticate identities with X.509 certificates" and "Control
 * access with shared access signatures".
 */
public enum CredentialKind {
  /** A shared access signature, from any source. */
  SHARED_ACCESS,
  /** A TLS client certificate whose thumbprint is registered for the identity. */
  X509_THUMBPRINT,
  /** A TLS client certificate issued under a CA that is registered with the hub. */
  X509_CA
}
