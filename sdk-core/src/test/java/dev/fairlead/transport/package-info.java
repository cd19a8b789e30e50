@NullMarked
package dev.fairlead.transport;

import org.jspecify.annotations.NullMarked;
