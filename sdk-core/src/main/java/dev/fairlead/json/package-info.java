/**
 * JSON for the twin: strict and bounded reading, comparing, merging and writing. Not part of the
 * API.
 */
@NullMarked
package dev.fairlead.json;

import org.jspecify.annotations.NullMarked;
