package dev.fairlead;

/**
 * The desired properties as they are now, and what is new in them.
 *
 * @param changed the new part: names with their new values, null for what was deleted. After {@link
 *     #first()} it is all of them
 * @param properties all desired properties after the change
 * @param first whether this is the first change that the application receives since the client was
 *     built
 */
public record DesiredChange(TwinProperties changed, TwinProperties properties, boolean first) {
  /**
   * The version of the desired properties after the change. It grows with every change, but starts
   * again when the device is deleted and created again.
   *
   * @return the version
   */
  public long version() {
    return properties.version();
  }
}
