package dev.fairlead.localhub.https;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

/**
 * The connection a request has come on, as far as its meaning depends on that.
 *
 * @param certificates the chain that the client has shown; empty for none
 * @param port the port of the hub that it has reached
 * @param commands carries out telemetry that commands faults
 */
record Caller(Supplier<List<X509Certificate>> certificates, int port, FaultCommands commands) {}
