/** Reaching the hub: resolve, dial every address, TLS with the host name verified, abort. */
module dev.fairlead.net {
  requires transitive dev.fairlead;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.fairlead.net;
}
