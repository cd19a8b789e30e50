/** Hands what arrives (C2D messages, methods, desired properties) to the application's handlers. */
@NullMarked
package dev.fairlead.inbound;

import org.jspecify.annotations.NullMarked;
