/**
 * A hub and a transport that share nothing but memory: a complete transport with no network, for
 * tests of whatever stands above the transport, and the first to pass the contract.
 */
@NullMarked
package dev.fairlead.tck.memory;

import org.jspecify.annotations.NullMarked;
