/** The AMQP 1.0 front end: a thin mapping of links and messages to the semantics of the hub. */
@NullMarked
package dev.fairlead.localhub.amqp;

import org.jspecify.annotations.NullMarked;
