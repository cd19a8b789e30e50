/** The device client: what an application sees. */
@NullMarked
package dev.fairlead;

import org.jspecify.annotations.NullMarked;
