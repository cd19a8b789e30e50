/**
 * HTTP/1.1 with one host: {@link dev.fairlead.https.http.HubHttp} lets OkHttp speak over
 * connections that {@code net} has dialled, so that names, proxies, TLS and failures are the same
 * as on every other transport. Shared by the transport and by file upload; not part of the module's
 * API.
 */
@NullMarked
package dev.fairlead.https.http;

import org.jspecify.annotations.NullMarked;
