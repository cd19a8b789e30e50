package dev.fairlead.amqp;

import dev.fairlead.Endpoint;
import dev.fairlead.net.Dial;
import dev.fairlead.spi.Loop;

/**
 * What a connection is made of.
 *
 * @param name of its threads
 * @param hubHost the hub's own name
 * @param endpoint where it leads
 * @param loop where all of its work happens
 * @param dial dials
 * @param tokens whether identities show tokens rather than the connection's certificate
 * @param tokenFirst the hubs that take no links before the token's answer: with them the order is
 *     strict
 * @param noEmptySessions the hubs that end a connection for an empty session, which is a ping
 * @param batches the hubs that take batches
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
