/**
 * The identities of the hub, each with its credentials, twin, C2D queue and direct methods. Knows
 * no protocol: a front end attaches a {@code DeviceSession} and is notified of what there is to do.
 */
@NullMarked
package dev.fairlead.localhub.registry;

import org.jspecify.annotations.NullMarked;
