/** Tests of the AMQP front end, with a client on another engine. */
@NullMarked
package dev.fairlead.localhub.amqp;

import org.jspecify.annotations.NullMarked;
