/**
 * The one queue on a message's way out: bounded, in order, leased to one session at a time. Not
 * part of the API; its seam for a durable store is {@link dev.fairlead.spi.OutboxStore}.
 */
@NullMarked
package dev.fairlead.outbox;

import org.jspecify.annotations.NullMarked;
