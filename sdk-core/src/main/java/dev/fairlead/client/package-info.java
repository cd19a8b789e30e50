/**
 * The engine behind {@link dev.fairlead.DeviceClient}: keeps a session open, walks the plan, renews
 * credentials, follows the twin and hands what arrives to the handlers. All its state is confined
 * to the client's loop. Not part of the API.
 */
@NullMarked
package dev.fairlead.client;

import org.jspecify.annotations.NullMarked;
