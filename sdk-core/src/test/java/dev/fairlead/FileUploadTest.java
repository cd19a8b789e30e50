package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileUploadTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "/a", "a/", "a//b", "a.", ".", "..", "a/../b", "a/./b", "a\nb", "a\u0000"
      })
  void namesThatNoBlobHasAreRefused(String name) {
    assertThatThrownBy(() -> FileUpload.of(name, InputStream::nullInputStream))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a/b.txt", "ü b", ".hidden", "a..b", "a%2Fb?c#d"})
  void otherNamesAreNot(String name) {
    assertThat(FileUpload.of(name, InputStream::nullInputStream).blobName()).isEqualTo(name);
  }

  @Test
  void aFileIsAsLongAsItIsWhenAsked() throws IOException {
    Path file = directory.resolve("f");
    FileUpload upload = FileUpload.of("f", file);
    assertThatThrownBy(upload::length).isInstanceOf(IOException.class);
    Files.writeString(file, "abc");
    assertThat(upload.length()).hasValue(3);
    assertThat(upload.length(2).length()).hasValue(2);
    assertThat(FileUpload.of("s", InputStream::nullInputStream).length()).isEmpty();
  }

  @Test
  void whatIsOutOfRangeIsRefused() {
    FileUpload upload = FileUpload.of("s", InputStream::nullInputStream);
    assertThatThrownBy(() -> upload.length(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> upload.contentType("a\r\nb"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> upload.contentType("")).isInstanceOf(IllegalArgumentException.class);
  }
}
