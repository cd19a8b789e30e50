package dev.fairlead.localhub.core;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.auth.Authenticator;
import dev.fairlead.localhub.fault.FaultPlan;
import dev.fairlead.localhub.registry.Registry;
import dev.fairlead.localhub.telemetry.TelemetryLog;

/**
 * The parts of one hub that know no protocol; every front end is given them.
 *
 * @param options how the hub is set up
 * @param time its clock
 * @param registry its identities
 * @param authenticator who may come in
 * @param telemetry what it has received
 * @param faults what shall go wrong
 */
public record HubCore(
    LocalHubOptions options,
    HubTime time,
    Registry registry,
    Authenticator authenticator,
    TelemetryLog telemetry,
    FaultPlan faults) {}
