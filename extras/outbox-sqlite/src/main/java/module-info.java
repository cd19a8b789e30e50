/** A durable outbox for all devices of a process, in one SQLite file. */
module dev.fairlead.outbox.sqlite {
  requires transitive dev.fairlead;
  requires java.sql;
  requires org.slf4j;
  requires org.xerial.sqlitejdbc;
  requires static transitive org.jspecify;

  exports dev.fairlead.sqlite;
}
