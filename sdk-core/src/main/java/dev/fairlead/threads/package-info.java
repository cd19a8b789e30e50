/**
 * Where code runs: the client's loop, serial executors for the application's callbacks, and the
 * futures that the client hands out.
 */
@NullMarked
package dev.fairlead.threads;

import org.jspecify.annotations.NullMarked;
