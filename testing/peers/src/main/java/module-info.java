/** Servers, proxies and certificates for the tests of other modules. */
module dev.fairlead.peers {
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires static transitive org.jspecify;

  exports dev.fairlead.peers;
}
