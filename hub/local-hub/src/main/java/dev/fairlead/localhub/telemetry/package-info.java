/** The telemetry log: what the hub has accepted, in memory and, if asked, in a file. */
@NullMarked
package dev.fairlead.localhub.telemetry;

import org.jspecify.annotations.NullMarked;
