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
 * @param tokenFirst the hubs that take no links before the token's answer
 * @param batches the hubs that take batches
 */
record ConnectionSetup(
    String name,
    String hubHost,
    Endpoint endpoint,
    Loop loop,
    Dial dial,
    boolean tokens,
    TokenFirstHubs tokenFirst,
    BatchSupport batches) {}
