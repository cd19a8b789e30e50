/** Device twins: merge patches, limits, versions and metadata. */
@NullMarked
package dev.fairlead.localhub.twin;

import org.jspecify.annotations.NullMarked;
