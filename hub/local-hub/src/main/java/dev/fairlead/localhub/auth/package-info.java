/**
 * Who may connect: SAS tokens and X.509 client certificates, checked in the same way for every
 * protocol.
 */
@NullMarked
package dev.fairlead.localhub.auth;

import org.jspecify.annotations.NullMarked;
