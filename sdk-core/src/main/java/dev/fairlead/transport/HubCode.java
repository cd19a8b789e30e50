package dev.fairlead.transport;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The hub's six-digit error codes: the only table of their meanings, for every transport. The first
 * three digits are an HTTP status; a code that is not listed means what its status means. IoT Hub:
 * "Understand and resolve Azure IoT Hub error codes". Codes that transports used to read
 * differently are decided in {@code docs/adr/0011-one-table-of-the-hubs-codes.md}.
 */
public enum HubCode {
  /** 400001. */
  INVALID_PROTOCOL_VERSION(400001, "InvalidProtocolVersion", Kind.PROTOCOL_ERROR, Scope.THE_HUB),
  /** 400003. */
  INVALID_OPERATION(400003, "InvalidOperation", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400004. */
  ARGUMENT_INVALID(400004, "ArgumentInvalid", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 400005. */
  ARGUMENT_NULL(400005, "ArgumentNull", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 400006. */
  IOTHUB_FORMAT_ERROR(400006, "IotHubFormatError", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 400012. */
  DESERIALIZATION_ERROR(400012, "DeserializationError", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 400014. */
  DEFAULT_STORAGE_ENDPOINT_NOT_CONFIGURED(
      400014, "DefaultStorageEndpointNotConfigured", Kind.REJECTED, Scope.THE_HUB),
  /** 400015. */
  INVALID_FILE_UPLOAD_CORRELATION_ID(
      400015, "InvalidFileUploadCorrelationId", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400016. */
  EXPIRED_FILE_UPLOAD_CORRELATION_ID(
      400016, "ExpiredFileUploadCorrelationId", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400017. */
  INVALID_STORAGE_ENDPOINT(400017, "InvalidStorageEndpoint", Kind.REJECTED, Scope.THE_HUB),
  /** 400018. */
  INVALID_MESSAGING_ENDPOINT(
      400018, "InvalidMessagingEndpoint", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400019. */
  INVALID_FILE_UPLOAD_COMPLETION_STATUS(
      400019, "InvalidFileUploadCompletionStatus", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400020. */
  INVALID_STORAGE_ENDPOINT_OR_BLOB(
      400020, "InvalidStorageEndpointOrBlob", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400021. */
  REQUEST_CANCELED(400021, "RequestCanceled", Kind.TEMPORARY, Scope.THIS_OPERATION),
  /** 400022. */
  INVALID_STORAGE_ENDPOINT_PROPERTY(
      400022, "InvalidStorageEndpointProperty", Kind.REJECTED, Scope.THE_HUB),
  /** 400023. */
  ETAG_DOES_NOT_MATCH(400023, "EtagDoesNotMatch", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400024. */
  REQUEST_TIMED_OUT(400024, "RequestTimedOut", Kind.TEMPORARY, Scope.THIS_OPERATION),
  /** 400027. */
  CONNECTION_FORCEFULLY_CLOSED_ON_NEW_CONNECTION(
      400027, "ConnectionForcefullyClosedOnNewConnection", Kind.TAKEN_OVER, Scope.THIS_IDENTITY),
  /** 400028. */
  INVALID_DEVICE_SCOPE(400028, "InvalidDeviceScope", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 400029. */
  CONNECTION_FORCEFULLY_CLOSED_ON_FAULT_INJECTION(
      400029, "ConnectionForcefullyClosedOnFaultInjection", Kind.TEMPORARY, Scope.THIS_IDENTITY),
  /** 400030. */
  CONNECTION_REJECTED_ON_FAULT_INJECTION(
      400030, "ConnectionRejectedOnFaultInjection", Kind.TEMPORARY, Scope.THIS_IDENTITY),
  /** 400301. */
  CANNOT_REGISTER_MODULE_TO_MODULE(
      400301, "CannotRegisterModuleToModule", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 401001. */
  IOTHUB_NOT_FOUND(401001, "IotHubNotFound", Kind.UNAUTHORIZED, Scope.THE_HUB),
  /** 401002. */
  IOTHUB_UNAUTHORIZED_ACCESS(
      401002, "IotHubUnauthorizedAccess", Kind.UNAUTHORIZED, Scope.THIS_IDENTITY),
  /** 401003. */
  IOTHUB_UNAUTHORIZED(401003, "IotHubUnauthorized", Kind.UNAUTHORIZED, Scope.THIS_IDENTITY),
  /** 403001. */
  IOTHUB_SUSPENDED(403001, "IotHubSuspended", Kind.SUSPENDED, Scope.THE_HUB),
  /** 403002. */
  IOTHUB_QUOTA_EXCEEDED(403002, "IotHubQuotaExceeded", Kind.QUOTA_EXCEEDED, Scope.THE_HUB),
  /** 403003. */
  JOB_QUOTA_EXCEEDED(403003, "JobQuotaExceeded", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 403004. */
  DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED(
      403004, "DeviceMaximumQueueDepthExceeded", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 403005. */
  IOTHUB_MAX_CBS_TOKEN_EXCEEDED(
      403005, "IotHubMaxCbsTokenExceeded", Kind.QUOTA_EXCEEDED, Scope.THIS_IDENTITY),
  /** 403006. */
  DEVICE_MAXIMUM_ACTIVE_FILE_UPLOAD_LIMIT_EXCEEDED(
      403006,
      "DeviceMaximumActiveFileUploadLimitExceeded",
      Kind.QUOTA_EXCEEDED,
      Scope.THIS_OPERATION),
  /** 403007. */
  DEVICE_MAXIMUM_QUEUE_SIZE_EXCEEDED(
      403007, "DeviceMaximumQueueSizeExceeded", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 403009. */
  INVALID_MESSAGE_EXPIRY_TIME(
      403009, "InvalidMessageExpiryTime", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 403010. */
  OPERATION_NOT_AVAILABLE_IN_CURRENT_TIER(
      403010, "OperationNotAvailableInCurrentTier", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 403012. */
  DEVICE_DISABLED(403012, "DeviceDisabled", Kind.UNAUTHORIZED, Scope.THIS_IDENTITY),
  /** 403800. */
  DEVICE_MAXIMUM_INFLIGHT_METHOD_EXCEEDED(
      403800, "DeviceMaximumInflightMethodExceeded", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 404001. */
  DEVICE_NOT_FOUND(404001, "DeviceNotFound", Kind.UNAUTHORIZED, Scope.THIS_IDENTITY),
  /** 404002. */
  JOB_NOT_FOUND(404002, "JobNotFound", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 404006. */
  AMQP_ADDRESS_NOT_FOUND(404006, "AmqpAddressNotFound", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 404010. */
  MODULE_NOT_FOUND(404010, "ModuleNotFound", Kind.UNAUTHORIZED, Scope.THIS_IDENTITY),
  /** 404103. */
  DEVICE_NOT_ONLINE(404103, "DeviceNotOnline", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 404104. */
  DEVICE_CONNECTION_CLOSED_REMOTELY(
      404104, "DeviceConnectionClosedRemotely", Kind.TEMPORARY, Scope.THIS_IDENTITY),
  /** 405102. */
  OPERATION_NOT_ALLOWED_IN_CURRENT_STATE(
      405102, "OperationNotAllowedInCurrentState", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 409001. */
  DEVICE_ALREADY_EXISTS(409001, "DeviceAlreadyExists", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 409002. */
  LINK_CREATION_CONFLICT(409002, "LinkCreationConflict", Kind.TAKEN_OVER, Scope.THIS_IDENTITY),
  /** 409003. */
  CALLBACK_SUBSCRIPTION_CONFLICT(
      409003, "CallbackSubscriptionConflict", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 409301. */
  MODULE_ALREADY_EXISTS_ON_DEVICE(
      409301, "ModuleAlreadyExistsOnDevice", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 412001. */
  PRECONDITION_FAILED(412001, "PreconditionFailed", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 412002. */
  DEVICE_MESSAGE_LOCK_LOST(412002, "DeviceMessageLockLost", Kind.LOCK_LOST, Scope.THIS_MESSAGE),
  /** 412004. */
  INFLIGHT_MESSAGES_IN_LINK(412004, "InflightMessagesInLink", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 413001. */
  MESSAGE_TOO_LARGE(413001, "MessageTooLarge", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 413002. */
  TOO_MANY_DEVICES(413002, "TooManyDevices", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 413003. */
  TOO_MANY_MODULES_ON_DEVICE(413003, "TooManyModulesOnDevice", Kind.REJECTED, Scope.THIS_OPERATION),
  /** 415000. */
  GENERIC_UNSUPPORTED_MEDIA_TYPE(
      415000, "GenericUnsupportedMediaType", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 415101. */
  INCOMPATIBLE_DATA_TYPE(415101, "IncompatibleDataType", Kind.REJECTED, Scope.THIS_MESSAGE),
  /** 429001. */
  THROTTLING_EXCEPTION(429001, "ThrottlingException", Kind.THROTTLED, Scope.THE_HUB),
  /** 429002. */
  THROTTLE_BACKLOG_LIMIT_EXCEEDED(
      429002, "ThrottleBacklogLimitExceeded", Kind.THROTTLED, Scope.THE_HUB),
  /** 429003. */
  THROTTLING_BACKLOG_TIMEOUT(429003, "ThrottlingBacklogTimeout", Kind.THROTTLED, Scope.THE_HUB),
  /** 429004. */
  THROTTLING_MAX_ACTIVE_JOB_COUNT_EXCEEDED(
      429004, "ThrottlingMaxActiveJobCountExceeded", Kind.THROTTLED, Scope.THE_HUB),
  /** 429005. */
  DEVICE_THROTTLING_LIMIT_EXCEEDED(
      429005, "DeviceThrottlingLimitExceeded", Kind.THROTTLED, Scope.THIS_IDENTITY),
  /** 499000. */
  CLIENT_CLOSED_REQUEST(499000, "ClientClosedRequest", Kind.TEMPORARY, Scope.THIS_OPERATION),
  /** 500001. */
  SERVER_ERROR(500001, "ServerError", Kind.TEMPORARY, Scope.THE_HUB),
  /** 500008. */
  GENERIC_TIMEOUT(500008, "GenericTimeout", Kind.TEMPORARY, Scope.THE_HUB),
  /** 502000. */
  GENERIC_BAD_GATEWAY(502000, "GenericBadGateway", Kind.TEMPORARY, Scope.THE_HUB),
  /** 503001. */
  SERVICE_UNAVAILABLE(503001, "ServiceUnavailable", Kind.TEMPORARY, Scope.THE_HUB),
  /** 503003. */
  PARTITION_NOT_FOUND(503003, "PartitionNotFound", Kind.TEMPORARY, Scope.THE_HUB, Source.SDK),
  /** 503004. */
  IOTHUB_ACTIVATION_FAILED(503004, "IotHubActivationFailed", Kind.TEMPORARY, Scope.THE_HUB),
  /** 503005. */
  SERVER_BUSY(503005, "ServerBusy", Kind.TEMPORARY, Scope.THE_HUB),
  /** 503006. */
  IOTHUB_RESTORING(503006, "IotHubRestoring", Kind.TEMPORARY, Scope.THE_HUB),
  /** 503008. */
  RECEIVE_LINK_OPENS_THROTTLED(
      503008, "ReceiveLinkOpensThrottled", Kind.THROTTLED, Scope.THIS_IDENTITY),
  /** 503101. */
  CONNECTION_UNAVAILABLE(503101, "ConnectionUnavailable", Kind.TEMPORARY, Scope.THIS_IDENTITY),
  /** 503102. */
  DEVICE_UNAVAILABLE(503102, "DeviceUnavailable", Kind.TEMPORARY, Scope.THIS_IDENTITY),
  /** 504000. */
  GENERIC_GATEWAY_TIMEOUT(504000, "GenericGatewayTimeout", Kind.TEMPORARY, Scope.THE_HUB),
  /** 504101. */
  GATEWAY_TIMEOUT(504101, "GatewayTimeout", Kind.TEMPORARY, Scope.THIS_OPERATION);

  /** What follows from an error. */
  public enum Kind {
    /** The credential, the identity or the hub's name is refused. */
    UNAUTHORIZED,
    /** Throttled: retry after some seconds. */
    THROTTLED,
    /** A limit, such as the daily quota, that is available again in minutes or hours. */
    QUOTA_EXCEEDED,
    /** The hub accepts nothing from any device until its owner acts. */
    SUSPENDED,
    /** Refused; unchanged it would be refused again. */
    REJECTED,
    /** The lock of a cloud-to-device message has ended. */
    LOCK_LOST,
    /** A problem of the hub's own that ends by itself: retry. */
    TEMPORARY,
    /** Another connection of the same identity replaced this one. */
    TAKEN_OVER,
    /** One side violates or does not support the other's protocol. */
    PROTOCOL_ERROR
  }

  /** What an error is about. */
  public enum Scope {
    /**
     * What was sent: the message, or the document of a request. A refusal with this scope is
     * evidence against a message by itself.
     */
    THIS_MESSAGE,
    /** What was requested. */
    THIS_OPERATION,
    /** The device or module only, not others on the same connection. */
    THIS_IDENTITY,
    /** The whole hub. */
    THE_HUB
  }

  /** Where a code is documented. */
  public enum Source {
    /** The list of codes in the hub's documentation. */
    DOCUMENTATION,
    /** Only Microsoft's device SDKs. */
    SDK
  }

  private static final Map<Integer, HubCode> BY_NUMBER = new HashMap<>();
  private static final Map<String, HubCode> BY_NAME = new HashMap<>();

  static {
    for (HubCode code : values()) {
      BY_NUMBER.put(code.number, code);
      BY_NAME.put(code.hubName, code);
    }
  }

  private final int number;
  private final String hubName;
  private final Kind kind;
  private final Scope scope;
  private final Source source;

  HubCode(int number, String hubName, Kind kind, Scope scope) {
    this(number, hubName, kind, scope, Source.DOCUMENTATION);
  }

  HubCode(int number, String hubName, Kind kind, Scope scope, Source source) {
    this.number = number;
    this.hubName = hubName;
    this.kind = kind;
    this.scope = scope;
    this.source = source;
  }

  /**
   * Looks a code up.
   *
   * @param number six digits
   * @return the code, empty if it is not listed
   */
  public static Optional<HubCode> of(int number) {
    return Optional.ofNullable(BY_NUMBER.get(number));
  }

  /**
   * Looks a code up by the name that the hub gives it.
   *
   * @param name such as "DeviceNotFound"
   * @return the code, empty if it is not listed
   */
  public static Optional<HubCode> named(String name) {
    return Optional.ofNullable(BY_NAME.get(name));
  }

  /**
   * The code itself.
   *
   * @return six digits
   */
  public int number() {
    return number;
  }

  /**
   * Its HTTP status.
   *
   * @return three digits
   */
  public int status() {
    return number / 1000;
  }

  /**
   * The hub's name of it.
   *
   * @return such as "DeviceNotFound"
   */
  public String hubName() {
    return hubName;
  }

  /**
   * What follows from it.
   *
   * @return the kind
   */
  public Kind kind() {
    return kind;
  }

  /**
   * What it is about.
   *
   * @return the scope
   */
  public Scope scope() {
    return scope;
  }

  /**
   * Where it is documented.
   *
   * @return the source
   */
  public Source source() {
    return source;
  }

  /**
   * What a status without a listed code means.
   *
   * @param status as in HTTP
   * @return the kind; {@link Kind#TEMPORARY} for a status that is no error
   */
  public static Kind kindOf(int status) {
    return switch (status) {
      case 401 -> Kind.UNAUTHORIZED;
      case 408, 499 -> Kind.TEMPORARY;
      case 429 -> Kind.THROTTLED;
      default -> status >= 400 && status < 500 ? Kind.REJECTED : Kind.TEMPORARY;
    };
  }

  /**
   * What a status without a listed code is about.
   *
   * @param status as in HTTP
   * @return the scope
   */
  public static Scope scopeOf(int status) {
    return switch (status) {
      case 401 -> Scope.THIS_IDENTITY;
      case 413, 415 -> Scope.THIS_MESSAGE;
      case 429 -> Scope.THE_HUB;
      default -> status >= 500 && status < 600 ? Scope.THE_HUB : Scope.THIS_OPERATION;
    };
  }
}
