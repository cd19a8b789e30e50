package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HttpsTraffic;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubOptions;
import dev.fairlead.localhub.Uploads;
import dev.fairlead.localhub.core.HubCore;
import dev.fairlead.localhub.fault.FaultyConnection;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelPipeline;
import java.nio.charset.StandardCharsets;

/** Speaks the device API on connections that have TLS and HTTP. Safe for use by several threads. */
public final class HttpsFrontEnd {

  private static final byte[] HUGE_HEAD =
      "HTTP/1.1 200 OK\r\nContent-Length: 268435455\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final HubCore hub;
  private final DeviceApi api;
  private final FileUploads uploads;
  private final ErrorAnswers errors;
  private final RequestLog log = new RequestLog();

  /** A front end without connections. */
  public HttpsFrontEnd(HubCore hub) {
    this.hub = hub;
    LocalHubOptions options = hub.options();
    HubTime time = hub.time();
    UploadSas signatures = new UploadSas(time);
    BlobStore store = new BlobStore(time, options.uploadCapacity());
    this.uploads = new FileUploads(options, time, signatures, store);
    this.errors = new ErrorAnswers(time, options.undocumented().https().errorsInJson());
    this.api = new DeviceApi(hub, errors, uploads, new BlobEndpoint(time, signatures, store));
  }

  /** The received requests. */
  public HttpsTraffic traffic() {
    return log;
  }

  /** The uploads of devices. */
  public Uploads uploads() {
    return uploads;
  }

  /**
   * Creates the request handler for a pipeline that has TLS followed by HTTP, and adds the handlers
   * for faults between the two.
   */
  public ChannelHandler open(ChannelPipeline pipeline) {
    FaultyConnection faulty =
        new FaultyConnection(
            hub.faults(), HUGE_HEAD, packet -> packet.skipBytes(packet.readableBytes()));
    pipeline.addAfter("tls", "faulty", faulty);
    return new HttpConnection(hub, api, faulty, log, errors);
  }
}
