/**
 * The only queue of outgoing messages: bounded, in order, leased to one session at a time. Not part
 * of the API. A durable store is plugged in as a {@link dev.fairlead.spi.OutboxStore}.
 */
@NullMarked
package dev.fairlead.outbox;

import org.jspecify.annotations.NullMarked;
