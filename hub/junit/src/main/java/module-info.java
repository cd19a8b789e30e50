/** A local hub, its devices and a ready client builder for JUnit tests. */
module dev.fairlead.junit {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.localhub;
  requires transitive org.junit.jupiter.api;
  requires static transitive org.jspecify;

  exports dev.fairlead.junit;
}
