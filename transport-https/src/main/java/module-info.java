/** The HTTPS transport. */
module dev.fairlead.https {
  requires transitive dev.fairlead;
  requires transitive dev.fairlead.net;
  requires okhttp3;
  requires okio;
  // OkHttp is written in Kotlin and, as an automatic module, cannot declare it.
  requires kotlin.stdlib;
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.fairlead.https;
  exports dev.fairlead.https.upload;

  provides dev.fairlead.spi.TransportProvider with
      dev.fairlead.https.HttpsTransport;
  provides dev.fairlead.spi.UploadProvider with
      dev.fairlead.https.upload.HttpsUploads;
}
