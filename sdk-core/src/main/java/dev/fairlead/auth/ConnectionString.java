package dev.fairlead.auth;

import dev.fairlead.DeviceIdentity;
import dev.fairlead.Secret;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A device's connection string: {@code HostName=…;DeviceId=…;SharedAccessKey=…} and its relatives.
 * Immutable.
 *
 * <p>Strict: each mistake has a message of its own that names the key concerned and the remedy, and
 * repeats no value, since any value may be a secret in the wrong place. Key names may be in either
 * case; a value is all that follows the first {@code '='}, taken literally (no URL decoding); white
 * space or a pair of quotes around the whole, as copying adds them, is cut off. Source: IoT Hub,
 * "Connection strings" of the device identities, and the shared rules of its device clients.
 */
public final class ConnectionString {
  private static final int LONGEST = 8192;

  private final Map<ConnectionStringKey, String> values;
  private final DeviceIdentity identity;
  private final boolean x509;
  private final Optional<Credentials> credentials;

  private ConnectionString(Map<ConnectionStringKey, String> values) {
    this.values = values;
    this.identity = checkedIdentity(values);
    this.x509 = checkedX509(values);
    this.credentials = checkedCredentials(values, x509);
  }

  /**
   * Parses a connection string.
   *
   * @param text the text; 8192 characters at most
   * @return what it says
   * @throws IllegalArgumentException if it is not a device's connection string; the message says
   *     why, what to do, and repeats no value
   */
  public static ConnectionString parse(String text) {
    Objects.requireNonNull(
        text, "The connection string is null; is the variable or setting it comes from set?");
    return new ConnectionString(pairs(bare(text)));
  }

  /** The text without the white space and quotes that copying added. */
  private static String bare(String text) {
    if (text.length() > LONGEST) {
      throw new IllegalArgumentException(
          "The connection string has "
              + text.length()
              + " characters; more than "
              + LONGEST
              + " cannot be right. Copy it again.");
    }
    String bare = text.strip();
    if (bare.length() > 1
        && (bare.charAt(0) == '"' || bare.charAt(0) == '\'')
        && bare.charAt(bare.length() - 1) == bare.charAt(0)) {
      bare = bare.substring(1, bare.length() - 1).strip();
    }
    if (bare.isEmpty()) {
      throw new IllegalArgumentException(
          "The connection string is empty; is the variable or setting it comes from set?");
    }
    for (int i = 0; i < bare.length(); i++) {
      char c = bare.charAt(i);
      if (c == '\n' || c == '\r') {
        throw new IllegalArgumentException(
            "The connection string has a line break at character "
                + (i + 1)
                + "; join it to one line.");
      }
      if (c < ' ' || c > '~') {
        throw new IllegalArgumentException(
            "The connection string has a character that is not printable ASCII at position "
                + (i + 1)
                + "; copying from a formatted page may have put it there. Type it again.");
      }
      if (c == '"') {
        throw new IllegalArgumentException(
            "The connection string has a quotation mark at character "
                + (i + 1)
                + "; values are not quoted. Remove it.");
      }
    }
    return bare;
  }

  private static Map<ConnectionStringKey, String> pairs(String text) {
    Map<ConnectionStringKey, String> values = new EnumMap<>(ConnectionStringKey.class);
    String[] parts =
        (text.endsWith(";") ? text.substring(0, text.length() - 1) : text).split(";", -1);
    for (int i = 0; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "Part "
                + (i + 1)
                + " of the connection string has no '='. Each part is Name=value, parts are joined"
                + " by ';' (so a connection string cannot hold an id that contains ';').");
      }
      ConnectionStringKey key =
          ConnectionStringKey.named(parts[i].substring(0, equals).strip(), i + 1);
      String value = parts[i].substring(equals + 1).strip();
      if (value.isEmpty()) {
        throw invalid(key, "has no value; give one, or leave the key out");
      }
      // Only a token may contain a space: after its first word.
      if (value.indexOf(' ') >= 0 && key != ConnectionStringKey.SHARED_ACCESS_SIGNATURE) {
        throw invalid(key, "contains a space; copy its value again");
      }
      if (values.put(key, value) != null) {
        throw invalid(key, "is given twice; keep one");
      }
    }
    return values;
  }

  private static DeviceIdentity checkedIdentity(Map<ConnectionStringKey, String> values) {
    String deviceId = values.get(ConnectionStringKey.DEVICE_ID);
    if (deviceId == null && values.containsKey(ConnectionStringKey.SHARED_ACCESS_KEY_NAME)) {
      throw new IllegalArgumentException(
          "This is a connection string of the hub itself, for services: it names a policy"
              + " (SharedAccessKeyName) and no DeviceId. A device needs its own, found with the"
              + " device: \"Primary connection string\" in the portal, or az iot hub"
              + " device-identity connection-string show.");
    }
    String host = values.get(ConnectionStringKey.HOST_NAME);
    if (host == null) {
      throw missing(ConnectionStringKey.HOST_NAME, "my-hub.azure-devices.net");
    }
    HostName.check(ConnectionStringKey.HOST_NAME.text(), host);
    String gateway = values.get(ConnectionStringKey.GATEWAY_HOST_NAME);
    if (gateway != null) {
      HostName.check(ConnectionStringKey.GATEWAY_HOST_NAME.text(), gateway);
    }
    if (deviceId == null) {
      throw missing(ConnectionStringKey.DEVICE_ID, "my-device");
    }
    checkId(ConnectionStringKey.DEVICE_ID, deviceId);
    String moduleId = values.get(ConnectionStringKey.MODULE_ID);
    if (moduleId != null) {
      checkId(ConnectionStringKey.MODULE_ID, moduleId);
    }
    return new DeviceIdentity(deviceId, Optional.ofNullable(moduleId));
  }

  private static void checkId(ConnectionStringKey key, String id) {
    try {
      DeviceIdentity.device(id);
    } catch (IllegalArgumentException e) { // not kept as the cause: it quotes the id
      throw invalid(
          key,
          "is not an id the hub accepts: 1 to 128 ASCII letters, digits and"
              + " - . _ : * ? ! ( ) , = @ $ ' % # +");
    }
  }

  private static boolean checkedX509(Map<ConnectionStringKey, String> values) {
    String value = values.get(ConnectionStringKey.X509);
    if (value != null && !value.equalsIgnoreCase("true") && !value.equalsIgnoreCase("false")) {
      throw invalid(ConnectionStringKey.X509, "is neither true nor false");
    }
    return "true".equalsIgnoreCase(value);
  }

  private static Optional<Credentials> checkedCredentials(
      Map<ConnectionStringKey, String> values, boolean x509) {
    String key = values.get(ConnectionStringKey.SHARED_ACCESS_KEY);
    String token = values.get(ConnectionStringKey.SHARED_ACCESS_SIGNATURE);
    String policy = values.get(ConnectionStringKey.SHARED_ACCESS_KEY_NAME);
    if (key != null && token != null) {
      throw new IllegalArgumentException(
          "The connection string has both SharedAccessKey and SharedAccessSignature; keep one: "
              + "the key if the device makes its own tokens, the signature if it was given one.");
    }
    if (x509) {
      for (ConnectionStringKey secret : ConnectionStringKey.SHARED_ACCESS) {
        if (values.containsKey(secret)) {
          throw invalid(
              secret,
              "cannot be combined with x509=true: a device shows either a certificate or a "
                  + "token. Remove one of the two");
        }
      }
      return Optional.empty();
    }
    if (policy != null && key == null) {
      throw invalid(
          ConnectionStringKey.SHARED_ACCESS_KEY_NAME,
          "needs a SharedAccessKey, which is missing; add the policy's key, or remove the name "
              + "(a SharedAccessSignature names its policy itself)");
    }
    if (key == null && token == null) {
      throw new IllegalArgumentException(
          "The connection string has no credentials. Add"
              + " SharedAccessKey=…, or SharedAccessSignature=…, or x509=true and give the client a"
              + " certificate.");
    }
    return Optional.of(key == null ? fixedToken(token) : sharedAccessKey(key, policy));
  }

  private static Credentials sharedAccessKey(String key, @Nullable String policy) {
    try {
      return Credentials.sharedAccessKey(
          Secret.of(key), Optional.ofNullable(policy), Credentials.DEFAULT_LIFETIME);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("SharedAccessKey: " + e.getMessage(), e);
    }
  }

  private static Credentials fixedToken(@Nullable String token) {
    try {
      return Credentials.fixedToken(Secret.of(Objects.requireNonNull(token)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("SharedAccessSignature: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException missing(ConnectionStringKey key, String example) {
    return new IllegalArgumentException(
        "The connection string lacks " + key.text() + "; add " + key.text() + "=" + example + ".");
  }

  private static IllegalArgumentException invalid(ConnectionStringKey key, String what) {
    return new IllegalArgumentException(key.text() + " in the connection string " + what + ".");
  }

  /**
   * The hub's own name, as written.
   *
   * @return {@code HostName}
   */
  public String hostName() {
    return Objects.requireNonNull(values.get(ConnectionStringKey.HOST_NAME));
  }

  /**
   * Who connects.
   *
   * @return {@code DeviceId} and {@code ModuleId}
   */
  public DeviceIdentity identity() {
    return identity;
  }

  /**
   * The gateway to dial instead of the hub. Names in user names and tokens stay the hub's. Source:
   * IoT Edge, "Connect a downstream device to an IoT Edge gateway".
   *
   * @return {@code GatewayHostName}, empty without one
   */
  public Optional<String> gatewayHost() {
    return Optional.ofNullable(values.get(ConnectionStringKey.GATEWAY_HOST_NAME));
  }

  /**
   * How the identity proves itself: tokens of 60 minutes signed with the key, or the one token
   * given.
   *
   * @return the credentials; empty if {@link #x509()}, because the certificate is given to the
   *     client separately
   */
  public Optional<Credentials> credentials() {
    return credentials;
  }

  /**
   * Whether the identity proves itself with a certificate, which a connection string cannot hold.
   *
   * @return true with {@code x509=true}
   */
  public boolean x509() {
    return x509;
  }

  /** In the form of a connection string, secrets starred out. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    values.forEach(
        (key, value) ->
            text.append(text.isEmpty() ? "" : ";")
                .append(key.text())
                .append('=')
                .append(key.secret() ? "***" : value));
    return text.toString();
  }
}
