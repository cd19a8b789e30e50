/** Tests. */
@NullMarked
package dev.fairlead.localhub.twin;

import org.jspecify.annotations.NullMarked;
