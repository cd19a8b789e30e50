/** Tests of the extension, written as its users would. */
@NullMarked
package dev.fairlead.junit;

import org.jspecify.annotations.NullMarked;
