/**
 * The other end of a connection in tests: servers, proxies and certificates of every kind, good and
 * bad, made of nothing but the JDK's own sockets.
 */
@NullMarked
package dev.fairlead.peers;

import org.jspecify.annotations.NullMarked;
