package dev.fairlead.auth;

/** The kinds of credential that a device identity can have. */
public enum CredentialKind {
  /** A shared access key, or tokens made from one. */
  SHARED_ACCESS,
  /** An X.509 certificate that the hub knows by its thumbprint. */
  X509_THUMBPRINT,
  /** An X.509 certificate signed by an authority that the hub trusts. */
  X509_CA
}
