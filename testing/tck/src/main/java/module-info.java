/** The contract that every transport passes, and the in-memory transport. */
module dev.fairlead.tck {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.localhub;
  requires java.management;
  requires transitive org.junit.jupiter.api;
  requires org.junit.jupiter.params;
  requires org.assertj.core;
  requires awaitility;
  requires static transitive org.jspecify;

  exports dev.fairlead.tck;
  exports dev.fairlead.tck.memory;

  // JUnit runs the contract's nested classes and package-private tests by reflection.
  opens dev.fairlead.tck;
}
