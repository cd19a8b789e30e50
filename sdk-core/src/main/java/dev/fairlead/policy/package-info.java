/**
 * Which route to the hub, and why. A {@link dev.fairlead.policy.TransportPolicy} says what the
 * application wants and what its network allows; planning turns it, the transports' offers and the
 * remembered failures into a {@link dev.fairlead.policy.TransportPlan}, by the rules of the IoT Hub
 * developer guide's page "Choose a device communication protocol". Nothing here does I/O.
 */
@NullMarked
package dev.fairlead.policy;

import org.jspecify.annotations.NullMarked;
