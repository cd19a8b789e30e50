/** The contract on the in-memory transport, and the client's end-to-end tests over it. */
@NullMarked
package dev.fairlead.tck;

import org.jspecify.annotations.NullMarked;
