/** Samples: one file each, short, compiled and run by the build. */
module dev.fairlead.samples {
  requires dev.fairlead;
  requires dev.fairlead.https;
  requires dev.fairlead.localhub;
  requires dev.fairlead.mqtt;
  requires jdk.management;
  requires static org.jspecify;
}
