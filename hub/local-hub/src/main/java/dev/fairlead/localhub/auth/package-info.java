/** Who may connect: SAS tokens and X.509 client certificates, checked alike for every protocol. */
@NullMarked
package dev.fairlead.localhub.auth;

import org.jspecify.annotations.NullMarked;
