/** Whole-process runs beside the peers. */
module dev.fairlead.benchmarks {
  requires com.google.gson;
  requires com.h2database.mvstore;
  requires dev.fairlead;
  requires dev.fairlead.mqtt;
  requires dev.fairlead.net;
  requires dev.fairlead.outbox.sqlite;
  requires java.management;
  requires java.sql;
  requires jdk.management;
  requires io.vertx.core;
  requires io.vertx.proton;
  requires org.apache.qpid.proton.j;
  requires org.eclipse.paho.client.mqttv3;
  requires org.slf4j;
  requires org.xerial.sqlitejdbc;
  requires static org.jspecify;
}
