/**
 * One way to reach a host, for every transport: look the name up on every connect, race its
 * addresses, go through a proxy, open TLS with the host name verified, use WebSocket on request,
 * and abort at any moment. The calls block on the caller's thread; the package has no threads of
 * its own.
 */
@NullMarked
package dev.fairlead.net;

import org.jspecify.annotations.NullMarked;
