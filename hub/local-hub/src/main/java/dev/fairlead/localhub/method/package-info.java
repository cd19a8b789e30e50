/** Direct methods: waiting for the device, then for its answer. */
@NullMarked
package dev.fairlead.localhub.method;

import org.jspecify.annotations.NullMarked;
