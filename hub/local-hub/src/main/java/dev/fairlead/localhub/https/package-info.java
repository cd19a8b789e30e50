/**
 * The device API over HTTPS: telemetry, C2D messages and file upload, and the blob endpoint that
 * uploads go to.
 */
@NullMarked
package dev.fairlead.localhub.https;

import org.jspecify.annotations.NullMarked;
