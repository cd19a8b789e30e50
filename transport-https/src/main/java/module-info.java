/** The HTTPS transport. */
module dev.fairlead.https {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.net;
  requires okhttp3;
  requires org.slf4j;
  requires static transitive org.jspecify;
}
