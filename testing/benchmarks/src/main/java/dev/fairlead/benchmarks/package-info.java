/**
 * Measurements of whole processes beside bare Paho and vertx-proton, against a local hub in its own
 * process.
 */
@NullMarked
package dev.fairlead.benchmarks;

import org.jspecify.annotations.NullMarked;
