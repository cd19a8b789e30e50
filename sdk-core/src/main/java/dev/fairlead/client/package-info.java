/**
 * The engine behind {@link dev.fairlead.DeviceClient} and {@link dev.fairlead.Gateway}: puts the
 * parts together. Not part of the API.
 */
@NullMarked
package dev.fairlead.client;

import org.jspecify.annotations.NullMarked;
