/** Tests of the device API over HTTPS, through real sockets. */
@NullMarked
package dev.fairlead.localhub.https;

import org.jspecify.annotations.NullMarked;
