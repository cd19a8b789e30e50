package dev.fairlead.https.upload;

import dev.fairlead.Endpoint;
import dev.fairlead.Secret;
import dev.fairlead.Trust;
import dev.fairlead.https.http.Ascii;
import dev.fairlead.json.Json;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The hub's permission to put one blob: the location and the signature for it. Its content is not
 * trusted, although the hub sent it.
 *
 * @param correlationId the hub's id of the upload
 * @param hostName the storage's host, with its port unless that is 443
 * @param containerName the container
 * @param blobName the blob's whole name
 * @param sas the query that is the signature, without its question mark
 */
record Grant(
    String correlationId, String hostName, String containerName, String blobName, Secret sas) {
  private static final int MAX_TEXT = 4096;
  private static final int HTTPS_PORT = 443;

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
    if (!Ascii.consistsOf(grant.containerName, 63, "$-")
        || !Ascii.consistsOf(sas, MAX_TEXT, "._~!$'()*,;:@/?%&=+-")
        || leadsElsewhere(blob)) {
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

  /** A part of a path that is one or two dots. */
  private static boolean leadsElsewhere(String blob) {
    String path = "/" + blob + "/";
    return path.contains("/./") || path.contains("/../");
  }

  /**
   * The storage's endpoint.
   *
   * @throws IllegalArgumentException if its host cannot be one
   */
  Endpoint endpoint(Trust trust) {
    boolean ipv6 = hostName.startsWith("[");
    int hostEnd = ipv6 ? hostName.indexOf(']') : hostName.indexOf(':');
    String host =
        ipv6
            ? hostName.substring(1, Math.max(1, hostEnd))
            : hostEnd < 0 ? hostName : hostName.substring(0, hostEnd);
    String rest = ipv6 ? hostName.substring(hostEnd + 1) : hostName.substring(host.length());
    OptionalLong port =
        rest.isEmpty()
            ? OptionalLong.of(HTTPS_PORT)
            : rest.startsWith(":") ? Ascii.number(rest.substring(1), 5) : OptionalLong.empty();
    boolean good = ipv6 ? Ascii.consistsOf(host, 45, ":.") : Ascii.consistsOf(host, 255, "._-");
    if (!good || port.isEmpty()) {
      throw new IllegalArgumentException("the storage's host is no host name");
    }
    return new Endpoint(host, (int) port.getAsLong(), trust);
  }

  /** Whether blocks put with the other grant also count with this one. */
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
