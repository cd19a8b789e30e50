/**
 * End-to-end tests with third-party clients and brokers, and with a hub in a process of its own.
 */
@NullMarked
package dev.fairlead.integration;

import org.jspecify.annotations.NullMarked;
