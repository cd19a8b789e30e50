/** Faults on demand: when they occur and what they do to a connection. */
@NullMarked
package dev.fairlead.localhub.fault;

import org.jspecify.annotations.NullMarked;
