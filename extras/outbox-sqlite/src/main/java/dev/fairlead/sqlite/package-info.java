/**
 * A durable outbox: the queued messages of all devices of a process in one SQLite file. One thread
 * does all the work on the file; what all devices hand over while a commit runs is committed
 * together.
 */
@NullMarked
package dev.fairlead.sqlite;

import org.jspecify.annotations.NullMarked;
