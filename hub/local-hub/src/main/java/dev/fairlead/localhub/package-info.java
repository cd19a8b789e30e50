/**
 * The local hub as its users see it: start it, create device identities, point a device client at
 * it, look at what arrived, send C2D messages, call direct methods, change twins, and break things
 * on purpose. Everything is reached from {@link dev.fairlead.localhub.LocalHub}; {@link
 * dev.fairlead.localhub.HubProgram} is the same hub as a program.
 */
@NullMarked
package dev.fairlead.localhub;

import org.jspecify.annotations.NullMarked;
