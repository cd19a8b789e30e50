/**
 * A local hub, its devices and prepared builders of clients and gateways as parameters of JUnit
 * Jupiter tests.
 */
@NullMarked
package dev.fairlead.junit;

import org.jspecify.annotations.NullMarked;
