package dev.fairlead.https.upload;

import dev.fairlead.Endpoint;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.json.Json;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hub's leave to put one blob: where, and the signature that opens it. Nothing of it is trusted
 * but that the hub said it.
 *
 * @param correlationId what the hub calls the upload
 * @param hostName the storage's host, with its port unless that is 443
 * @param containerName the container
 * @param blobName the blob's whole name
 * @param sas the query that is the signature, without its question mark
 */
record Grant(
    String correlationId, String hostName, String containerName, String blobName, Secret sas) {
  private static final int MAX_TEXT = 4096;
  private static final int HTTPS_PORT = 443;
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]{1,255}|\\[[0-9A-Fa-f:.]{2,45}\\])(?::([0-9]{1,5}))?");
  private static final Pattern CONTAINER = Pattern.compile("[A-Za-z0-9$-]{1,63}");
  private static final Pattern QUERY = Pattern.compile("[A-Za-z0-9._~!$'()*,;:@/?%&=+-]+");

  /**
   * Reads the hub's answer.
   *
   * @throws IllegalArgumentException if it is none; the message repeats nothing secret
   */
  static Grant read(String json) {
    Map<String, @Nullable Object> members = Json.readObject(json);
    String sas = text(members, "sasToken");
    sas = sas.startsWith("?") ? sas.substring(1) : sas;
    String blob = text(members, "blobName");
    Grant grant =
        new Grant(
            text(members, "correlationId"),
            text(members, "hostName"),
            text(members, "containerName"),
            blob,
            Secret.of(sas));
    if (!HOST.matcher(grant.hostName).matches()
        || !CONTAINER.matcher(grant.containerName).matches()
        || !QUERY.matcher(sas).matches()
        || ("/" + blob + "/").matches("(?s).*/\\.{1,2}/.*")) {
      throw new IllegalArgumentException("the place it names cannot be one");
    }
    grant.endpoint(Trust.platform());
    return grant;
  }

  private static String text(Map<String, @Nullable Object> members, String name) {
    if (members.get(name) instanceof String text && !text.isEmpty() && text.length() <= MAX_TEXT) {
      return text;
    }
    throw new IllegalArgumentException("it has no " + name);
  }

  /** Where the storage is. */
  Endpoint endpoint(Trust trust) {
    Matcher matcher = HOST.matcher(hostName);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("the storage's host is no host name");
    }
    String host = matcher.group(1);
    String port = matcher.group(2);
    return new Endpoint(
        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
        port == null ? HTTPS_PORT : Integer.parseInt(port),
        trust);
  }

  /** Whether blocks put under the other one are there under this one too. */
  boolean sameBlob(Grant other) {
    return hostName.equals(other.hostName)
        && containerName.equals(other.containerName)
        && blobName.equals(other.blobName);
  }

  @Override
  public String toString() {
    return "Grant[" + correlationId + ", " + hostName + ", " + blobName + "]";
  }
}
