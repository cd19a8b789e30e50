/**
 * When a device may poll for cloud-to-device messages, and the record on disk that makes this hold
 * across sessions, clients, processes, restarts and clock changes. The reasons are in {@code
 * docs/adr/0008-poll-ledger.md}.
 */
@NullMarked
package dev.fairlead.https.poll;

import org.jspecify.annotations.NullMarked;
