/**
 * File upload: the hub says where a file may be put and is notified of the end; the content goes to
 * the storage itself, block by block.
 */
@NullMarked
package dev.fairlead.https.upload;

import org.jspecify.annotations.NullMarked;
