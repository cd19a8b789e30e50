package dev.fairlead.localhub.core;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.twin.HubTimestamps;
import dev.fairlead.localhub.twin.Json;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;

/**
 * An error in the hub's form: {@code {"errorCode":…,"trackingId":…,"message":…,…}} (traces of the
 * hub, pasted in public issues). Used on one thread.
 */
public final class ErrorDocument {

  private static final DateTimeFormatter TRACKING_TIME =
      DateTimeFormatter.ofPattern("MM/dd/yyyy HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final HubTime time;
  private int errors;

  /** Creates errors with the time of the given clock. */
  public ErrorDocument(HubTime time) {
    this.time = time;
  }

  /** A new error, as JSON text. */
  public String print(LocalHubException error) {
    return print(error.code(), String.valueOf(error.getMessage()));
  }

  /**
   * A new error, as JSON text.
   *
   * @param code six digits, the first three an HTTP status
   */
  public String print(int code, String message) {
    Instant now = time.now();
    String hex = UUID.randomUUID().toString().replace("-", "");
    ObjectNode body = Json.object();
    body.put("errorCode", code);
    body.put("trackingId", hex + "-G:" + errors++ + "-TimeStamp:" + TRACKING_TIME.format(now));
    body.put("message", message);
    body.putObject("info");
    body.put("timestampUtc", HubTimestamps.print(now));
    return Json.print(body);
  }
}
