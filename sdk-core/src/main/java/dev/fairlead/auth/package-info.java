/** How a device proves who it is. */
@NullMarked
package dev.fairlead.auth;

import org.jspecify.annotations.NullMarked;
