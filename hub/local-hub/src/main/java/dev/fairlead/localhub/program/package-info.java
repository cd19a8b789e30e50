/** The parts of the hub as a program: its arguments and its health address. */
@NullMarked
package dev.fairlead.localhub.program;

import org.jspecify.annotations.NullMarked;
