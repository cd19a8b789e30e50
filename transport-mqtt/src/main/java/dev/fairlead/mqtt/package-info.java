/**
 * The hub's MQTT 3.1.1 dialect on Eclipse Paho: {@link dev.fairlead.mqtt.MqttTransport} opens
 * sessions, {@link dev.fairlead.mqtt.MqttOptions} holds its settings. All state of a session lives
 * on the client's loop; Paho's threads only hand over what they read.
 */
@NullMarked
package dev.fairlead.mqtt;

import org.jspecify.annotations.NullMarked;
