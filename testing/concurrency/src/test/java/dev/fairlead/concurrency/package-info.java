/**
 * A model checker for the client's own classes: it runs the threads of a scenario one at a time, in
 * every order with few preemptions and then in random ones.
 */
@NullMarked
package dev.fairlead.concurrency;

import org.jspecify.annotations.NullMarked;
