/**
 * One way to reach a host, for every transport: look the name up on every connect, race its
 * addresses, go through a proxy, open TLS with the host name verified, speak WebSocket where that
 * is asked for, and abort at any moment. Blocking, on the caller's thread; no thread of its own.
 */
@NullMarked
package dev.fairlead.net;

import org.jspecify.annotations.NullMarked;
