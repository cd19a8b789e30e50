package dev.fairlead.localhub.amqp;

import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.core.ErrorDocument;
import java.util.Map;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.transport.AmqpError;
import org.apache.qpid.protonj2.types.transport.ErrorCondition;
import org.apache.qpid.protonj2.types.transport.LinkError;

/**
 * Error conditions in the hub's form: a standard or vendor name, and a description in JSON. The
 * names of the codes are those of IoT Edge's hub. Used on one thread.
 */
final class Conditions {

  static final Symbol ARGUMENT_ERROR = Symbol.valueOf("com.microsoft:argument-error");
  static final Symbol LINK_CREATION_CONFLICT =
      Symbol.valueOf("com.microsoft:link-creation-conflict");

  private static final Map<Integer, Symbol> NAMES =
      Map.ofEntries(
          Map.entry(400001, ARGUMENT_ERROR),
          Map.entry(400003, AmqpError.NOT_ALLOWED),
          Map.entry(400004, ARGUMENT_ERROR),
          Map.entry(400005, ARGUMENT_ERROR),
          Map.entry(401001, Symbol.valueOf("com.microsoft:iot-hub-not-found-error")),
          Map.entry(401002, AmqpError.UNAUTHORIZED_ACCESS),
          Map.entry(401003, AmqpError.UNAUTHORIZED_ACCESS),
          Map.entry(403001, Symbol.valueOf("com.microsoft:iot-hub-suspended")),
          Map.entry(403002, AmqpError.RESOURCE_LIMIT_EXCEEDED),
          Map.entry(403004, AmqpError.RESOURCE_LIMIT_EXCEEDED),
          Map.entry(403005, AmqpError.RESOURCE_LIMIT_EXCEEDED),
          Map.entry(404001, AmqpError.NOT_FOUND),
          Map.entry(404006, AmqpError.NOT_FOUND),
          Map.entry(404010, AmqpError.NOT_FOUND),
          Map.entry(408000, Symbol.valueOf("com.microsoft:timeout")),
          Map.entry(409001, Symbol.valueOf("com.microsoft:device-already-exists")),
          Map.entry(409002, LINK_CREATION_CONFLICT),
          Map.entry(412001, Symbol.valueOf("com.microsoft:precondition-failed")),
          Map.entry(412002, Symbol.valueOf("com.microsoft:message-lock-lost")),
          Map.entry(413001, LinkError.MESSAGE_SIZE_EXCEEDED),
          Map.entry(429001, Symbol.valueOf("com.microsoft:device-container-throttled")));

  private final ErrorDocument documents;

  Conditions(HubTime time) {
    this.documents = new ErrorDocument(time);
  }

  /** The condition of a six-digit code; codes without one are internal errors. */
  ErrorCondition of(int code, String message) {
    return of(NAMES.getOrDefault(code, AmqpError.INTERNAL_ERROR), code, message);
  }

  /** A condition whose name does not follow from the code. */
  ErrorCondition of(Symbol name, int code, String message) {
    return new ErrorCondition(
        name,
        documents.print(code, message),
        Map.of(Symbol.valueOf("com.microsoft:is-filtered"), true));
  }

  /** The description of an error alone. */
  String document(LocalHubException error) {
    return documents.print(error);
  }
}
