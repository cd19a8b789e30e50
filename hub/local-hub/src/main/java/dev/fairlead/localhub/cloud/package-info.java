/** The C2D queue of a device: locks, time to live, delivery count, outcome. */
@NullMarked
package dev.fairlead.localhub.cloud;

import org.jspecify.annotations.NullMarked;
