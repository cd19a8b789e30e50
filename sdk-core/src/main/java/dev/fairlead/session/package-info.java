/**
 * Keeps one session open: walks the plan, opens a route, renews the credential, falls back and
 * closes. Confined to the client's loop.
 */
@NullMarked
package dev.fairlead.session;

import org.jspecify.annotations.NullMarked;
