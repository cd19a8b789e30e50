/**
 * The other end of a connection in tests: good and bad servers, proxies and certificates, built on
 * the JDK's own sockets only.
 */
@NullMarked
package dev.fairlead.peers;

import org.jspecify.annotations.NullMarked;
