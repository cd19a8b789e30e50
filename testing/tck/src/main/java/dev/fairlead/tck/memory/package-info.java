/**
 * A hub and a transport that exchange messages in memory: a complete transport without a network,
 * for tests of the code above the transport, and the first to pass the contract.
 */
@NullMarked
package dev.fairlead.tck.memory;

import org.jspecify.annotations.NullMarked;
