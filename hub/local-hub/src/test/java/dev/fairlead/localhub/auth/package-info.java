/** Tests. */
@NullMarked
package dev.fairlead.localhub.auth;

import org.jspecify.annotations.NullMarked;
