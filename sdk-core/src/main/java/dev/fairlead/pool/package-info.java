/**
 * The connections that the devices of a gateway share: opened when a device needs room, evenly
 * loaded, closed when nobody is left on them.
 */
@NullMarked
package dev.fairlead.pool;

import org.jspecify.annotations.NullMarked;
