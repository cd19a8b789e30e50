/** A local hub, its devices and a ready client builder as parameters of JUnit Jupiter tests. */
@NullMarked
package dev.fairlead.junit;

import org.jspecify.annotations.NullMarked;
