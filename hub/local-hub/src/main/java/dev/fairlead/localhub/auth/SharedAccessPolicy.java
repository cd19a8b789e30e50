package dev.fairlead.localhub.auth;

import java.util.Set;

/**
 * A shared access policy of the hub: a name, a key, and the key's rights.
 *
 * @param name the name, the {@code skn} of tokens
 * @param key base64
 * @param rights what the key may do
 */
public record SharedAccessPolicy(String name, String key, Set<Right> rights) {

  /** The rights of a policy. */
  public enum Right {
    /** Connect as any device. */
    DEVICE_CONNECT,
    /** Use the service side. */
    SERVICE_CONNECT,
    /** Read the registry. */
    REGISTRY_READ,
    /** Change the registry. */
    REGISTRY_WRITE
  }

  /** Hides the key. */
  @Override
  public String toString() {
    return "SharedAccessPolicy[" + name + " " + rights + "]";
  }
}
