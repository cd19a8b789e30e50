/**
 * The connections that the devices of a gateway share: opened when a device needs room, evenly
 * loaded, and closed when no device uses them.
 */
@NullMarked
package dev.fairlead.pool;

import org.jspecify.annotations.NullMarked;
