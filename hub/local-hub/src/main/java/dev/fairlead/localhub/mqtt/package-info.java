/** The MQTT 3.1.1 front end: a thin mapping of packets and topics to the semantics of the hub. */
@NullMarked
package dev.fairlead.localhub.mqtt;

import org.jspecify.annotations.NullMarked;
