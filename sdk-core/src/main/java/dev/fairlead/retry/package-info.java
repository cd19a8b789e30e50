/** What follows a failure, and how long to wait. */
@NullMarked
package dev.fairlead.retry;

import org.jspecify.annotations.NullMarked;
