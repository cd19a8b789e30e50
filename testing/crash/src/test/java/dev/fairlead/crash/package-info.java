/**
 * What a power cut and a failing disk do to the durable outbox: a layer between the JVM and the
 * disk ({@code src/test/native/disk.c}) records and fails its operations.
 */
@NullMarked
package dev.fairlead.crash;

import org.jspecify.annotations.NullMarked;
