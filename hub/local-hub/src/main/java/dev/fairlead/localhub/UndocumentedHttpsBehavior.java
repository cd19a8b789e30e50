package dev.fairlead.localhub;

/**
 * Points of HTTPS on which the hub's documentation is silent or contradicts itself. A client must
 * work with either behaviour; test it with both.
 *
 * @param disabledCode how a disabled identity is refused: 404001 (DeviceNotFound), as the table of
 *     error codes says, 401003 (unauthorized) or 403012 (DeviceDisabled). Default 404001
 * @param lockTimeoutObeyed whether the header {@code iothub-messagelocktimeout} sets how long a C2D
 *     message stays locked. The documented lock time is one minute, but clients send the header.
 *     Default false
 * @param errorsInJson whether the message of an error is a JSON document in a string, as with newer
 *     hubs, or {@code ErrorCode:name;text}. Default false
 */
public record UndocumentedHttpsBehavior(
    int disabledCode, boolean lockTimeoutObeyed, boolean errorsInJson) {

  /** Checks the code. */
  public UndocumentedHttpsBehavior {
    if (disabledCode != 404001 && disabledCode != 401003 && disabledCode != 403012) {
      throw new IllegalArgumentException(
          "disabledCode must be 404001, 401003 or 403012, not " + disabledCode + ".");
    }
  }

  /** The defaults named above. */
  public static UndocumentedHttpsBehavior defaults() {
    return builder().build();
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder with these values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** Builds {@link UndocumentedHttpsBehavior}. Not safe for several threads. */
  public static final class Builder {
    private int disabledCode = 404001;
    private boolean lockTimeoutObeyed;
    private boolean errorsInJson;

    private Builder() {}

    private Builder(UndocumentedHttpsBehavior from) {
      disabledCode = from.disabledCode;
      lockTimeoutObeyed = from.lockTimeoutObeyed;
      errorsInJson = from.errorsInJson;
    }

    /** Sets {@link UndocumentedHttpsBehavior#disabledCode}. */
    public Builder disabledCode(int value) {
      disabledCode = value;
      return this;
    }

    /** Sets {@link UndocumentedHttpsBehavior#lockTimeoutObeyed}. */
    public Builder lockTimeoutObeyed(boolean value) {
      lockTimeoutObeyed = value;
      return this;
    }

    /** Sets {@link UndocumentedHttpsBehavior#errorsInJson}. */
    public Builder errorsInJson(boolean value) {
      errorsInJson = value;
      return this;
    }

    /** The values. */
    public UndocumentedHttpsBehavior build() {
      return new UndocumentedHttpsBehavior(disabledCode, lockTimeoutObeyed, errorsInJson);
    }
  }
}
