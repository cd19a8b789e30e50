package dev.fairlead.amqp;

import dev.fairlead.Endpoint;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;

/**
 * The parts of a connection.
 *
 * @param name of its threads
 * @param hubHost the hub's own name
 * @param endpoint its peer
 * @param loop the loop of all its work
 * @param dial dials
 * @param tokens whether identities show tokens rather than the connection's certificate
 * @param tokenFirst the hubs that accept no links before the token's answer
 * @param noEmptySessions the hubs that end a connection because of an empty session, which is used
 *     as a ping
 * @param batches the hubs that accept batches
 */
record ConnectionSetup(
    String name,
    String hubHost,
    Endpoint endpoint,
    Loop loop,
    Dial dial,
    boolean tokens,
    RememberedHubs tokenFirst,
    RememberedHubs noEmptySessions,
    BatchSupport batches) {}
