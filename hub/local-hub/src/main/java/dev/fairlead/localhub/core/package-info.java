/** What all front ends share: the parts of one hub, its clock and its threads. */
@NullMarked
package dev.fairlead.localhub.core;

import org.jspecify.annotations.NullMarked;
