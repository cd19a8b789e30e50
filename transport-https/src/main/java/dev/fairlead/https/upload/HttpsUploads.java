package dev.fairlead.https.upload;

import dev.fairlead.Carrier;
import dev.fairlead.FileUpload;
import dev.fairlead.Protocol;
import dev.fairlead.Route;
import dev.fairlead.Trust;
import dev.fairlead.UploadResult;
import dev.fairlead.net.Dialer;
import dev.fairlead.spi.Opening;
import dev.fairlead.spi.UploadContext;
import dev.fairlead.spi.UploadProvider;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * File upload over HTTPS. A file of up to 1 MiB is one request to the storage; a larger one goes as
 * blocks of 1 MiB, which grow fourfold after each 10,000, to about 3.2 TiB in all. One block is
 * held in memory for each upload in progress. IoT Hub: "Upload files with IoT Hub"; Blob service
 * REST API: "Put Blob", "Put Block", "Put Block List".
 *
 * <p>The storage is a separate host, named by the hub. The client's trust applies to it, and not
 * that of the hub's endpoint, unless it is the same host. Immutable; safe for any thread.
 */
public final class HttpsUploads implements UploadProvider {
  private static final Route HTTPS = new Route(Protocol.HTTPS, Carrier.HTTP, 443);

  private final Dialer dialer;
  private final @Nullable Trust storageTrust;
  private final Retries retries;
  private final Duration answerTimeout;

  /** With all defaults, as the service loader makes it. */
  public HttpsUploads() {
    this(
        new Dialer(),
        null,
        new Retries(8, Duration.ofMillis(500), Duration.ofMinutes(1)),
        Duration.ofSeconds(30));
  }

  private HttpsUploads(
      Dialer dialer, @Nullable Trust storageTrust, Retries retries, Duration answerTimeout) {
    this.dialer = dialer;
    this.storageTrust = storageTrust;
    this.retries = retries;
    this.answerTimeout = answerTimeout;
  }

  /**
   * Sets how hosts are reached: resolver and time-outs.
   *
   * @param how the dialer
   * @return new uploads
   */
  public HttpsUploads dialer(Dialer how) {
    return new HttpsUploads(
        Objects.requireNonNull(how, "how"), storageTrust, retries, answerTimeout);
  }

  /**
   * Sets which CAs may have signed the storage's certificate, for every storage host.
   *
   * @param who the trust
   * @return new uploads
   */
  public HttpsUploads storageTrust(Trust who) {
    return new HttpsUploads(dialer, Objects.requireNonNull(who, "who"), retries, answerTimeout);
  }

  /**
   * Sets how often each single request is tried when the network or the server fails; 8 times by
   * default, with pauses of full jitter below 0.5 s at first, doubling up to a minute.
   *
   * @param attempts 1 to 1000
   * @param firstPause the bound of the first pause, positive
   * @param longestPause the largest bound, at least the first
   * @return new uploads
   */
  public HttpsUploads retries(int attempts, Duration firstPause, Duration longestPause) {
    if (attempts < 1
        || attempts > 1000
        || firstPause.isNegative()
        || firstPause.isZero()
        || longestPause.compareTo(firstPause) < 0) {
      throw new IllegalArgumentException(
          "There are 1 to 1000 attempts with positive pauses, not "
              + attempts
              + " with "
              + firstPause
              + " to "
              + longestPause
              + ".");
    }
    return new HttpsUploads(
        dialer, storageTrust, new Retries(attempts, firstPause, longestPause), answerTimeout);
  }

  /**
   * Sets how long each answer may take, connecting included; 30 s by default. It is extended by the
   * time that the request takes at 8 KB/s.
   *
   * @param limit positive
   * @return new uploads
   */
  public HttpsUploads answerTimeout(Duration limit) {
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException("A time-out is positive, not " + limit + ".");
    }
    return new HttpsUploads(dialer, storageTrust, retries, limit);
  }

  @Override
  public Route route() {
    return HTTPS;
  }

  @Override
  public Opening<UploadResult> begin(FileUpload upload, UploadContext context) {
    return new UploadRun(
            upload, context, dialer.proxy(context.proxy()), storageTrust, retries, answerTimeout)
        .start();
  }
}
