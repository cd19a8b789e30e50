package dev.fairlead.spi;

/** What comes to the device unasked. */
public enum Feed {
  /** Cloud-to-device messages. */
  CLOUD_MESSAGES,
  /** Direct methods. */
  DIRECT_METHODS,
  /** Changes of the desired properties. */
  DESIRED_PROPERTIES
}
