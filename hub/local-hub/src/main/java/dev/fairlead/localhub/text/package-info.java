/** Small pieces of syntax that several protocols have in common. */
@NullMarked
package dev.fairlead.localhub.text;

import org.jspecify.annotations.NullMarked;
