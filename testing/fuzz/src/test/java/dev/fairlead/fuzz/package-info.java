/**
 * Hostile bytes for every parser of bytes from outside. A target is in the package of its parser,
 * because most parsers are not public.
 */
@NullMarked
package dev.fairlead.fuzz;

import org.jspecify.annotations.NullMarked;
