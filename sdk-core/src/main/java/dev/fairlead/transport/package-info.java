/**
 * What all transports share: debts and liveness, pending requests, batches of events for the loop,
 * and the table of the hub's error codes. Exported to the transports of this project only.
 */
@NullMarked
package dev.fairlead.transport;

import org.jspecify.annotations.NullMarked;
