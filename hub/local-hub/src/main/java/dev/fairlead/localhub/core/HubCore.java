package dev.fairlead.localhub.core;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.auth.Authenticator;
import dev.fairlead.localhub.fault.FaultPlan;
import dev.fairlead.localhub.registry.Registry;
import dev.fairlead.localhub.telemetry.TelemetryLog;

/**
 * The parts of one hub that are independent of protocols; all front ends share them.
 *
 * @param options the hub's options
 * @param time its clock
 * @param registry its identities
 * @param authenticator who may connect
 * @param telemetry the received telemetry
 * @param faults the armed faults
 */
public record HubCore(
    LocalHubOptions options,
    HubTime time,
    Registry registry,
    Authenticator authenticator,
    TelemetryLog telemetry,
    FaultPlan faults) {}
