/**
 * The hub's AMQP 1.0 dialect on the Qpid Proton-J engine, of one identity or of many on one
 * connection.
 */
@NullMarked
package dev.fairlead.amqp;

import org.jspecify.annotations.NullMarked;
