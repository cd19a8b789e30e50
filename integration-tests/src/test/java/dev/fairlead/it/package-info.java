/** The whole story against other people's clients, and against a hub that dies. */
package dev.fairlead.it;
