@NullMarked
package dev.fairlead.https.poll;

import org.jspecify.annotations.NullMarked;
