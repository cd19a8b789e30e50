/** Servers, proxies, certificates and architecture rules for the tests of other modules. */
module dev.fairlead.peers {
  requires com.tngtech.archunit;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires static transitive org.jspecify;

  exports dev.fairlead.peers;
  exports dev.fairlead.peers.architecture;
}
