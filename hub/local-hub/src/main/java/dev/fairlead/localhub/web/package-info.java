/**
 * The HTTPS port: HTTP requests, their upgrade to WebSockets, and the protocols that run over
 * those.
 */
@NullMarked
package dev.fairlead.localhub.web;

import org.jspecify.annotations.NullMarked;
