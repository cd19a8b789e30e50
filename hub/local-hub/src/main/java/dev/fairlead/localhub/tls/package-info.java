/**
 * The throw-away certificate authority, the certificates it issues and the TLS contexts made of
 * them.
 */
@NullMarked
package dev.fairlead.localhub.tls;

import org.jspecify.annotations.NullMarked;
