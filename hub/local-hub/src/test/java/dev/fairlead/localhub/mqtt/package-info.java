/** Tests. */
@NullMarked
package dev.fairlead.localhub.mqtt;

import org.jspecify.annotations.NullMarked;
