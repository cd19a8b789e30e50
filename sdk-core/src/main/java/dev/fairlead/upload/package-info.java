/** File uploads beside the session. */
@NullMarked
package dev.fairlead.upload;

import org.jspecify.annotations.NullMarked;
