package dev.fairlead.auth;

/**
 * How the hub knows the identity. It matters to route planning: not every protocol takes every
 * kind. Source: IoT Hub, "Authenticate identities with X.509 certificates" and "Control access with
 * shared access signatures".
 */
public enum CredentialKind {
  /** A shared access signature, whoever makes it. */
  SHARED_ACCESS,
  /** A TLS client certificate whose thumbprint is registered for the identity. */
  X509_THUMBPRINT,
  /** A TLS client certificate issued under a CA that is registered with the hub. */
  X509_CA
}
