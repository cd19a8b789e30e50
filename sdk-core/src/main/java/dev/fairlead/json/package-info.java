/**
 * JSON as the twin needs it: read strictly and within bounds, compared, merged, written. Not part
 * of the API.
 */
@NullMarked
package dev.fairlead.json;

import org.jspecify.annotations.NullMarked;
