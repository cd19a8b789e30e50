package dev.fairlead;

/** x. */
public enum Protocol {
  MQTT
}
