/** The whole story against other people's clients, and against a hub in a process of its own. */
@NullMarked
package dev.fairlead.integration;

import org.jspecify.annotations.NullMarked;
