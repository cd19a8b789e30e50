package dev.fairlead.localhub.https;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/**
 * The properties of a request's connection that affect its meaning.
 *
 * @param certificates the chain of the client's certificate; empty for none
 * @param port the port of the hub
 * @param commands carries out telemetry that commands a fault
 */
record Caller(Supplier<List<X509Certificate>> certificates, int port, FaultCommands commands) {}
