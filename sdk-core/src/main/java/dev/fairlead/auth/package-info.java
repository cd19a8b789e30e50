/**
 * How a device proves who it is: a shared access key, ready-made or fetched tokens, a signer that
 * keeps the key to itself, or a client certificate; and the connection string, which contains most
 * of that. No type here prints a key, a token or a passphrase.
 */
@NullMarked
package dev.fairlead.auth;

import org.jspecify.annotations.NullMarked;
