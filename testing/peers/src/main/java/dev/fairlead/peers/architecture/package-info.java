/** Rules about packages and names that every module's tests check on its compiled classes. */
@NullMarked
package dev.fairlead.peers.architecture;

import org.jspecify.annotations.NullMarked;
