package dev.fairlead.localhub.https;

import dev.fairlead.localhub.HubTime;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import java.io.ByteArrayInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;

/**
 * The part of a storage service that uploads need: Put Blob, Put Block and Put Block List, for
 * clients with a signature (Blob service REST API). Safe for use by several threads.
 */
final class BlobEndpoint {

  /** The container of all uploads: the first segment of their path. */
  static final String CONTAINER = "uploads";

  private static final String ANY_TYPE = "application/octet-stream";
  private static final int MAX_LIST = 1024 * 1024;

  private final HubTime time;
  private final UploadSas signatures;
  private final BlobStore store;

  BlobEndpoint(HubTime time, UploadSas signatures, BlobStore store) {
    this.time = time;
    this.signatures = signatures;
    this.store = store;
  }

  /** Whether a request is for a blob. */
  static boolean concerns(RequestTarget target) {
    return target.segments().size() > 1 && target.segments().get(0).equals(CONTAINER);
  }

  /** The name of a blob. Some clients escape the slashes in it, which means the same. */
  private static String nameOf(RequestTarget target) {
    return String.join("/", target.segments().subList(1, target.segments().size()));
  }

  /** The device in a blob's name. */
  static String deviceOf(RequestTarget target) {
    String name = nameOf(target);
    int slash = name.indexOf('/');
    return slash < 0 ? name : name.substring(0, slash);
  }

  /**
   * Decides on a request.
   *
   * @throws Refusal if it is refused
   */
  Operation operation(HttpRequest request, RequestTarget target) {
    String blob = nameOf(target);
    Optional<String> trouble = signatures.trouble(blob, target);
    if (trouble.isPresent()) {
      throw refusal(403, "AuthenticationFailed", "The request is not authorized: " + trouble.get());
    }
    if (!request.method().name().equals("PUT")) {
      throw new Refusal(
          error(405, "UnsupportedHttpVerb", "This endpoint only writes blobs. Use PUT.")
              .with("Allow", "PUT"));
    }
    HttpHeaders headers = request.headers();
    if (!headers.contains(HttpHeaderNames.CONTENT_LENGTH)) {
      throw refusal(411, "MissingContentLengthHeader", "Send the header Content-Length.");
    }
    String md5 = headers.get(HttpHeaderNames.CONTENT_MD5);
    String comp = target.parameter("comp");
    if (comp == null) {
      checkBlobType(headers.get("x-ms-blob-type"));
      String type = contentType(headers);
      return writing(store.roomFor(blob), md5, content -> putBlob(blob, type, content));
    }
    if (comp.equals("block")) {
      String id = target.parameter("blockid");
      if (id == null || !isBlockId(id)) {
        throw refusal(400, "InvalidQueryParameterValue", "The blockid is missing or not base64.");
      }
      return writing(store.capacity(), md5, content -> putBlock(blob, id, content));
    }
    if (comp.equals("blocklist")) {
      String type = contentType(headers);
      return writing(MAX_LIST, md5, list -> putBlockList(blob, type, list));
    }
    throw refusal(
        400, "InvalidQueryParameterValue", "The parameter comp must be block or blocklist.");
  }

  private void checkBlobType(@Nullable String type) {
    if (type == null) {
      throw refusal(400, "MissingRequiredHeader", "Send x-ms-blob-type: BlockBlob.");
    }
    if (!type.equals("BlockBlob")) {
      throw refusal(400, "InvalidHeaderValue", "The header x-ms-blob-type must be BlockBlob.");
    }
  }

  private static boolean isBlockId(String id) {
    try {
      int length = Base64.getDecoder().decode(id).length;
      return length > 0 && length <= 64;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String contentType(HttpHeaders headers) {
    return headers.get("x-ms-blob-content-type", headers.get("Content-Type", ANY_TYPE));
  }

  private Answer putBlob(String blob, String type, byte[] content) {
    return store.put(blob, type, content) ? created() : full();
  }

  private Answer putBlock(String blob, String id, byte[] content) {
    return store.putBlock(blob, id, content) ? created() : full();
  }

  private Answer putBlockList(String blob, String type, byte[] list) {
    Optional<List<String>> ids = readBlockList(list);
    if (ids.isEmpty()) {
      return error(400, "InvalidXmlDocument", "The list of blocks cannot be read.");
    }
    return switch (store.commit(blob, type, ids.get())) {
      case DONE -> created();
      case UNKNOWN_BLOCK -> error(400, "InvalidBlockList", "A block of the list was not uploaded.");
      case TOO_LARGE -> full();
    };
  }

  private Answer full() {
    return error(
        413,
        "RequestBodyTooLarge",
        "The hub's limit for uploads is reached. Raise it in LocalHubOptions, or call clear().");
  }

  /** The ids in a block list, in order; empty if the text is not a block list. */
  private static Optional<List<String>> readBlockList(byte[] xml) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    List<String> ids = new ArrayList<>();
    try {
      XMLStreamReader reader = factory.createXMLStreamReader(new ByteArrayInputStream(xml));
      boolean root = true;
      while (reader.hasNext()) {
        if (reader.next() != XMLStreamConstants.START_ELEMENT) {
          continue;
        }
        String name = reader.getLocalName();
        if (root
            ? !name.equals("BlockList")
            : !isBlock(name) || ids.size() == BlobStore.MAX_BLOCKS) {
          return Optional.empty();
        }
        if (!root) {
          ids.add(reader.getElementText().trim());
        }
        root = false;
      }
      return Optional.of(ids);
    } catch (XMLStreamException e) {
      return Optional.empty();
    }
  }

  private static boolean isBlock(String name) {
    return name.equals("Latest") || name.equals("Uncommitted") || name.equals("Committed");
  }

  private Answer created() {
    return new Answer(201, Map.of(), new byte[0])
        .with("ETag", "\"0x" + UUID.randomUUID().toString().substring(0, 8) + '"')
        .with("Last-Modified", HttpFaults.date(time.now()))
        .with("x-ms-request-id", UUID.randomUUID().toString())
        .with("x-ms-version", "2018-03-28")
        .with("x-ms-request-server-encrypted", "true");
  }

  private static Refusal refusal(int status, String code, String text) {
    return new Refusal(error(status, code, text));
  }

  private static Answer error(int status, String code, String text) {
    String body =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>"
            + code
            + "</Code><Message>"
            + text
            + "</Message></Error>";
    return Answer.text(status, "application/xml", body).with("x-ms-error-code", code);
  }

  private static Operation writing(
      int limit, @Nullable String md5, Function<byte[], Answer> write) {
    return new Operation() {
      @Override
      public int bodyLimit() {
        return limit;
      }

      @Override
      public Answer run(byte[] body, Occasions occasions) {
        return md5 == null || md5.equals(md5Of(body))
            ? write.apply(body)
            : error(400, "Md5Mismatch", "The content does not match its Content-MD5.");
      }
    };
  }

  /** HTTP requires MD5 here; it only guards against accidents. */
  private static String md5Of(byte[] content) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("MD5").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This Java has no MD5.", e);
    }
  }
}
