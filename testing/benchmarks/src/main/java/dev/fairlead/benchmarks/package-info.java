/** Whole-process runs beside the peers, against a local hub in a process of its own. */
@NullMarked
package dev.fairlead.benchmarks;

import org.jspecify.annotations.NullMarked;
