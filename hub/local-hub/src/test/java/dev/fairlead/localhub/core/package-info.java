/** Tests. */
@NullMarked
package dev.fairlead.localhub.core;

import org.jspecify.annotations.NullMarked;
