/** Tests. */
@NullMarked
package dev.fairlead.localhub.method;

import org.jspecify.annotations.NullMarked;
