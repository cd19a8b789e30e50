package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HttpHeadTest {
  private static HttpHead read(String text) throws IOException {
    return HttpHead.read(new ByteArrayInputStream(text.getBytes(ISO_8859_1)));
  }

  @Test
  void readsStatusAndFields() throws IOException {
    HttpHead head =
        read(
            "HTTP/1.1 407 Who: are you\r\nA-b: \t x: y \t\r\na-B:\n!#$%&'*+.^_`|~-:1\r\n"
                + "List: one,\tTWO , three\r\n\r\n");

    assertThat(head.status()).isEqualTo(407);
    assertThat(head.values("a-b")).containsExactly("x: y", "");
    assertThat(head.values("!#$%&'*+.^_`|~-")).containsExactly("1");
    assertThat(head.lists("list", "two")).isTrue();
    assertThat(head.lists("list", "tw")).isFalse();
    assertThat(read("HTTP/1.0 200\n\n")).isEqualTo(new HttpHead(200, java.util.List.of()));
    assertThat(read("HTTP/1.1 599 \n\n").status()).isEqualTo(599);
  }

  @Test
  void readsNoByteBeyondTheEmptyLine() throws IOException {
    ByteArrayInputStream in =
        new ByteArrayInputStream("HTTP/1.1 200 OK\r\na: b\r\n\r\nxyz".getBytes(ISO_8859_1));
    HttpHead.read(in);

    assertThat(in.readAllBytes()).asString().isEqualTo("xyz");
  }

  @Test
  void stopsAtTheControlCharacter() {
    String head = "HTTP/1.1 200 OK\r\na:" + " ".repeat(8000) + "\r";
    ByteArrayInputStream in =
        new ByteArrayInputStream((head + "x" + "y".repeat(100)).getBytes(ISO_8859_1));

    assertThatThrownBy(() -> HttpHead.read(in)).isInstanceOf(HttpHead.Malformed.class);
    assertThat(in.available()).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 600 x",
        "HTTP/1.1 099 x",
        "HTTP/1.1 20 x",
        "HTTP/1.1 2000",
        "HTTP/1.1 2x0",
        "HTTP/1.1  200",
        "HTTP/1.1",
        "HTTP/1.2 200 x",
        "HTTP/1.1 200 x\r\n:x",
        "HTTP/1.1 200 x\r\nx",
        "HTTP/1.1 200 x\r\na b: x",
        "HTTP/1.1 200 x\r\n a: x",
        "HTTP/1.1 200 x\r\na : x",
        "HTTP/1.1 200 x\r\n\u00e9: x",
      })
  void refusesWhatIsNoHead(String head) {
    assertThatThrownBy(() -> read(head + "\r\n\r\n"))
        .isInstanceOf(HttpHead.Malformed.class)
        .hasMessageContaining("cannot be read");
  }

  @Test
  void survivesRandomBytes() {
    String[] pieces = {
      "HTTP/1.",
      "1 200 OK",
      "0",
      "\r\n",
      "\n",
      "\r",
      "a: b",
      "a:",
      ":",
      " ",
      "\t",
      "\0",
      "\u00ff",
      "x"
    };
    Random random = new Random(7);
    int read = 0;
    for (int run = 0; run < 50_000; run++) {
      StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "" : "HTTP/1.1 200");
      for (int i = random.nextInt(12); i >= 0; i--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        read(text.toString());
        read++;
      } catch (HttpHead.Malformed | EOFException e) {
        assertThat(e.getMessage()).isNotEmpty();
      } catch (IOException e) {
        throw new AssertionError(text.toString(), e);
      }
    }
    assertThat(read).isGreaterThan(500);
  }
}
