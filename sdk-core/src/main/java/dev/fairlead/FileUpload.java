package dev.fairlead;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A file to upload to the storage account that is linked with the hub. For media, large or
 * compressed batches, and devices that are seldom connected. IoT Hub: "Upload files with IoT Hub".
 * Immutable.
 */
public final class FileUpload {
  /** The source of the content. */
  @FunctionalInterface
  public interface Source {
    /**
     * Opens the content from its beginning. Called when the upload starts, and again if it has to
     * be sent to the storage from the beginning; on a thread that may block.
     *
     * @return a stream, closed by the upload
     * @throws IOException if it cannot be read; the upload fails
     */
    InputStream open() throws IOException;
  }

  private final String blobName;
  private final Source source;
  private final @Nullable Path path;
  private final OptionalLong length;
  private final @Nullable String contentType;
  private final @Nullable UploadProgress progress;

  private FileUpload(
      String blobName,
      Source source,
      @Nullable Path path,
      OptionalLong length,
      @Nullable String contentType,
      @Nullable UploadProgress progress) {
    this.blobName = blobName;
    this.source = source;
    this.path = path;
    this.length = length;
    this.contentType = contentType;
    this.progress = progress;
  }

  /**
   * Uploads a file, as large as it is when the upload starts.
   *
   * @param blobName the blob's name without the device id, 1 to 1024 characters with it; a slash
   *     makes a folder
   * @param file the file
   * @return the upload
   */
  public static FileUpload of(String blobName, Path file) {
    Objects.requireNonNull(file, "file");
    return new FileUpload(
        checked(blobName),
        () -> Files.newInputStream(file),
        file,
        OptionalLong.empty(),
        null,
        null);
  }

  /**
   * Uploads the content of a stream, of any length.
   *
   * @param blobName as in {@link #of(String, Path)}
   * @param source opens the stream
   * @return the upload
   */
  public static FileUpload of(String blobName, Source source) {
    Objects.requireNonNull(source, "source");
    return new FileUpload(checked(blobName), source, null, OptionalLong.empty(), null, null);
  }

  private static String checked(String blobName) {
    if (blobName.isBlank()
        || blobName.length() > 1024
        || blobName.chars().anyMatch(Character::isISOControl)
        || blobName.startsWith("/")
        || blobName.endsWith("/")
        || blobName.endsWith(".")
        || ("/" + blobName + "/").matches(".*/\\.{0,2}/.*")) {
      throw new IllegalArgumentException(
          "A blob's name has 1 to 1024 characters without control characters, does not begin or end"
              + " with a slash or end with a dot, and has no part that is empty or only dots; it was \""
              + blobName
              + "\".");
    }
    return blobName;
  }

  /**
   * Sets how long a stream is. A stream that ends earlier fails; bytes beyond this length are not
   * read.
   *
   * @param bytes not negative
   * @return a new upload
   */
  public FileUpload length(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("A length is not negative; it was " + bytes + ".");
    }
    return new FileUpload(blobName, source, path, OptionalLong.of(bytes), contentType, progress);
  }

  /**
   * Sets the content type; {@code application/octet-stream} by default.
   *
   * @param type a media type such as {@code image/jpeg}
   * @return a new upload
   */
  public FileUpload contentType(String type) {
    if (type.isBlank() || !type.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "A content type is printable ASCII, not \"" + type + "\".");
    }
    return new FileUpload(blobName, source, path, length, type, progress);
  }

  /**
   * Sets a listener for the upload's progress.
   *
   * @param listener the listener
   * @return a new upload
   */
  public FileUpload onProgress(UploadProgress listener) {
    return new FileUpload(
        blobName, source, path, length, contentType, Objects.requireNonNull(listener, "listener"));
  }

  /**
   * The blob's name.
   *
   * @return the name without the device id
   */
  public String blobName() {
    return blobName;
  }

  /**
   * Opens the content.
   *
   * @return the content from its beginning
   * @throws IOException if it cannot be read
   */
  public InputStream open() throws IOException {
    return Objects.requireNonNull(source.open(), "the source returned null");
  }

  /**
   * How long the content is.
   *
   * @return the length that was given, or the file's now; empty if it is known only at the end
   * @throws IOException if the file cannot be read
   */
  public OptionalLong length() throws IOException {
    return length.isEmpty() && path != null ? OptionalLong.of(Files.size(path)) : length;
  }

  /**
   * The content type.
   *
   * @return the content type, empty if none was given
   */
  public Optional<String> contentType() {
    return Optional.ofNullable(contentType);
  }

  /**
   * The listener for the upload's progress.
   *
   * @return the listener, empty if there is none
   */
  public Optional<UploadProgress> progress() {
    return Optional.ofNullable(progress);
  }

  @Override
  public String toString() {
    return "FileUpload[" + blobName + "]";
  }
}
