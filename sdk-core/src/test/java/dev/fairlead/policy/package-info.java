/** Tests of the policy against an oracle written straight from the documented table. */
@NullMarked
package dev.fairlead.policy;

import org.jspecify.annotations.NullMarked;
