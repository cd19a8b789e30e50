/** What the application set, as immutable values. */
@NullMarked
package dev.fairlead.settings;

import org.jspecify.annotations.NullMarked;
