@NullMarked
package dev.fairlead.localhub.text;

import org.jspecify.annotations.NullMarked;
