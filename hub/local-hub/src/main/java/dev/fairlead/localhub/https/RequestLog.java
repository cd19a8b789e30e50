package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HttpsRequest;
import dev.fairlead.localhub.HttpsTraffic;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;

/** The last requests of all connections. Safe for use by several threads. */
final class RequestLog implements HttpsTraffic {

  private static final int RETENTION = 10_000;

  private final ArrayDeque<HttpsRequest> requests = new ArrayDeque<>();
  private long count;

  synchronized void add(HttpsRequest request) {
    count++;
    requests.addLast(request);
    if (requests.size() > RETENTION) {
      requests.removeFirst();
    }
  }

  @Override
  public synchronized long count() {
    return count;
  }

  @Override
  public synchronized List<HttpsRequest> requests() {
    return List.copyOf(requests);
  }

  @Override
  public List<Instant> cloudMessagePolls(String deviceId) {
    return requests().stream()
        .filter(request -> request.method().equals("GET") && isInbox(request.path(), deviceId))
        .map(HttpsRequest::receivedAt)
        .toList();
  }

  private static boolean isInbox(String path, String deviceId) {
    return RequestTarget.parse(path)
        .flatMap(Resource::of)
        .filter(resource -> resource.kind() == Resource.Kind.CLOUD_MESSAGES)
        .filter(resource -> resource.id().device().equals(deviceId))
        .isPresent();
  }

  @Override
  public synchronized void clear() {
    requests.clear();
    count = 0;
  }
}
