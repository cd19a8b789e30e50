/**
 * The identities of the hub, each with its credentials, twin, C2D queue and direct methods. The
 * package depends on no protocol: a front end attaches a {@code DeviceSession} and is notified of
 * new work.
 */
@NullMarked
package dev.fairlead.localhub.registry;

import org.jspecify.annotations.NullMarked;
