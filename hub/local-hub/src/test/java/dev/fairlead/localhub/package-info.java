/** Tests. */
@NullMarked
package dev.fairlead.localhub;

import org.jspecify.annotations.NullMarked;
