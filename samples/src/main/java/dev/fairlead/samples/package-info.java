/** Samples: one file each, short, compiled and run by the build. */
@NullMarked
package dev.fairlead.samples;

import org.jspecify.annotations.NullMarked;
