/** Tests. */
@NullMarked
package dev.fairlead.localhub.cloud;

import org.jspecify.annotations.NullMarked;
