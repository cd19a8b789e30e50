package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForeignTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plain| plain",
        "a\\nb| a b",
        "a\\r\\n \\tb| a b",
        "\\n a \\n| a",
        "a\\u0000b| a?b",
        "a\\u001b[31mb| a?[31mb",
        "a\\u2028b\\u2029c| a b c",
        "a\\u202eb\\u200bc\\ufeffd| a?b?c?d",
        "a\\ud800b| a?b",
        "Gr\\u00fc\\u00dfe| Gr\u00fc\u00dfe",
        "\\u00a0a\\u3000b| a b",
      })
  void oneLineOfPrintableCharacters(String escaped, String clean) {
    assertThat(ForeignText.clean(unescape(escaped), 100)).isEqualTo(clean);
  }

  private static String unescape(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.startsWith("\\u", i)) {
        plain.append((char) Integer.parseInt(text.substring(i + 2, i + 6), 16));
        i += 5;
      } else if (text.charAt(i) == '\\') {
        plain.append(text.substring(i, i + 2).translateEscapes());
        i++;
      } else {
        plain.append(text.charAt(i));
      }
    }
    return plain.toString();
  }

  @Test
  void noTextIsEmpty() {
    assertThat(ForeignText.clean(null, 10)).isEmpty();
    assertThat(ForeignText.clean(" \n ", 10)).isEmpty();
  }

  @Test
  void theLengthIsBoundedAndNoPairIsCut() {
    assertThat(ForeignText.clean("x".repeat(1_000_000), 300)).hasSize(300);
    assertThat(ForeignText.clean("\ud83d\ude00".repeat(10), 5)).isEqualTo("\ud83d\ude00".repeat(2));
    assertThat(ForeignText.clean("a b c", 2)).hasSizeLessThanOrEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SharedAccessSignature sr=x",
        "sharedaccesssignature sr=x",
        "HostName=h;SharedAccessKey=abc",
        "https://blob?sv=1&sig=abc",
        "https://blob?sv=1&SIG%3Dabc",
        "Shared\u0000AccessSignature sr=x&sig=abc"
      })
  void aTextWithATokenIsWithheld(String text) {
    assertThat(ForeignText.clean(text, 100)).isEqualTo(ForeignText.WITHHELD);
    assertThat(ForeignText.clean("x".repeat(90) + text, 100)).isEqualTo(ForeignText.WITHHELD);
  }

  /** Random bytes, and random pieces of what the hub writes: nothing escapes and all is bounded. */
  @Test
  void nothingThatAPeerWritesDoesHarm() {
    Random random = new Random(20260301);
    String[] pieces = {
      "{",
      "}",
      "[",
      "\"",
      "\\",
      "\\\"",
      ":",
      ",",
      ";",
      "errorCode",
      "\"errorCode\":",
      "400004",
      "Message",
      "\"message\":\"",
      "ErrorCode:",
      "\"trackingId\":\"",
      "\\u",
      "\\u00",
      "\\ud83d",
      "\"Message\":\"{",
      "\n",
      "\u0000",
      "\ufffd",
      "9",
      "SharedAccessSignature",
      "sig=SECRET",
      "Tracking ID:",
      "\"ExceptionMessage\":\"",
      " "
    };
    for (int i = 0; i < 50_000; i++) {
      byte[] body;
      if (i % 2 == 0) {
        body = new byte[random.nextInt(200)];
        random.nextBytes(body);
      } else {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(60); n > 0; n--) {
          text.append(pieces[random.nextInt(pieces.length)]);
        }
        body = text.toString().getBytes(StandardCharsets.UTF_8);
      }
      check(HubError.ofStatus(random.nextInt(1000), body), i);
      check(
          HubError.ofText(
              new String(body, StandardCharsets.ISO_8859_1), Kind.TEMPORARY, Scope.THE_HUB),
          i);
    }
  }

  private static void check(HubError error, int round) {
    String quote = error.quote("here");
    assertThat(quote).as("round %d", round).hasSizeLessThan(600).doesNotContain("sig=", "\n", "\0");
    assertThat(error.name()).hasSizeLessThanOrEqualTo(64);
    assertThat(error.code() == 0 || (error.code() >= 400_000 && error.code() < 600_000)).isTrue();
  }

  /** Whatever is written, the effort is linear: this would take minutes if it were not. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"",
        "\\\"",
        "\"message\":\"",
        "{\"Message\":\"{",
        "errorCode\":",
        "ErrorCode:",
        " "
      })
  void theEffortIsBounded(String piece) {
    String huge = piece.repeat(1_000_000);
    for (int i = 0; i < 100; i++) {
      check(HubError.ofText(huge, Kind.TEMPORARY, Scope.THE_HUB), i);
    }
  }
}
