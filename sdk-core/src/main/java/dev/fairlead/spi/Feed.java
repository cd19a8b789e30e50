package dev.fairlead.spi;

/** What the hub sends to the device without a request. */
public enum Feed {
  /** Cloud-to-device messages. */
  CLOUD_MESSAGES,
  /** Direct methods. */
  DIRECT_METHODS,
  /** Changes of the desired properties. */
  DESIRED_PROPERTIES
}
