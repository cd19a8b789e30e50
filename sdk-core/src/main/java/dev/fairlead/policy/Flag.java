package dev.fairlead.policy;

/** The facts that are either true or false. */
enum Flag {
  SHARED_CONNECTION,
  ONLY_PORT_443,
  PROXY_REQUIRED,
  DEVELOPMENT,
  X509_CA_PREVIEW,
  FILE_UPLOAD,
  BASIC_TIER,
  RARELY_CONNECTED,
  COMPACT_PAYLOADS
}
