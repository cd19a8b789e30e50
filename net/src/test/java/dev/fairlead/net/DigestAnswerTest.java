package dev.fairlead.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DigestAnswerTest {
  /** The example of RFC 7616, section 3.9.1. */
  @ParameterizedTest
  @CsvSource({
    "MD5,8ca523f5e9506fed4657c9700eebdbec",
    "SHA-256,753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
  })
  void computesTheExampleOfTheRfc(String algorithm, String response) {
    Challenge challenge =
        only(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm="
                + algorithm
                + ", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
                + ", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");

    String text =
        DigestAnswer.to(challenge)
            .orElseThrow()
            .credentials(
                "Mufasa",
                "Circle of Life",
                "GET",
                "/dir/index.html",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");

    assertThat(text)
        .contains("response=\"" + response + "\"", "nc=00000001", "qop=auth")
        .contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"")
        .doesNotContain("Circle");
  }

  /** The example of RFC 2617, section 3.5, computed without qop as RFC 2069 has it. */
  @Test
  void answersOldProxiesWithoutQop() {
    Challenge challenge =
        only("Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"");

    assertThat(
            DigestAnswer.to(challenge)
                .orElseThrow()
                .credentials("Mufasa", "Circle Of Life", "GET", "/dir/index.html", "unused"))
        .contains("response=\"670fd8c2df070c60b045671b8b24ff02\"")
        .doesNotContain("cnonce")
        .doesNotContain("opaque");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Digest realm=x",
        "Digest realm=x, nonce=y, algorithm=SHA-512-256",
        "Digest realm=x, nonce=y, algorithm=MD5-sess",
        "Digest realm=x, nonce=y, qop=auth-int",
        "Basic realm=x, nonce=y"
      })
  void leavesWhatItCannotAnswer(String field) {
    assertThat(DigestAnswer.to(only(field))).isEmpty();
  }

  @Test
  void readsSeveralChallengesOfOneField() {
    List<Challenge> challenges =
        Challenge.parse(
            List.of(
                "Negotiate abc==, , Digest REALM = \"a \\\"b\\\", c\",nonce=n,, Basic realm=z",
                "",
                "NTLM",
                "Digest realm=\"never closed\\"));

    assertThat(challenges)
        .extracting(Challenge::scheme)
        .containsExactly("negotiate", "digest", "basic", "ntlm", "digest");
    assertThat(challenges.get(1).parameter("realm")).isEqualTo("a \"b\", c");
    assertThat(challenges.get(1).parameter("nonce")).isEqualTo("n");
    assertThat(challenges.get(2).parameter("realm")).isEqualTo("z");
  }

  private static Challenge only(String field) {
    return Challenge.parse(List.of(field)).get(0);
  }
}
