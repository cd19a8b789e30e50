package dev.fairlead.net;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fairlead.Proxy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * HTTP {@code CONNECT}: RFC 9110, section 9.3.6. Credentials are shown only when asked for, on a
 * connection of their own: a proxy may close the one it has refused on, and the first answer tells
 * whether the password can stay secret (Digest) or must be sent (Basic).
 */
final class HttpTunnel implements Tunnel {
  /** The request, the answer to the challenge, and another answer if the nonce was stale. */
  private static final int MAX_ROUNDS = 3;

  private final Proxy proxy;
  private final String target;
  private final ProxyFailures failures;
  private final SecureRandom random;

  private @Nullable String authorization;
  private int rounds;

  HttpTunnel(Proxy proxy, HostName host, int port, ProxyFailures failures, SecureRandom random) {
    this.proxy = proxy;
    this.failures = failures;
    this.random = random;
    target = host.authority() + ":" + port;
  }

  @Override
  public boolean open(InputStream in, OutputStream out) throws IOException {
    StringBuilder request =
        new StringBuilder("CONNECT ")
            .append(target)
            .append(" HTTP/1.1\r\nHost: ")
            .append(target)
            .append("\r\n");
    if (authorization != null) {
      request.append("Proxy-Authorization: ").append(authorization).append("\r\n");
    }
    out.write(request.append("\r\n").toString().getBytes(ISO_8859_1));
    out.flush();
    HttpHead answer = HttpHead.read(in);
    rounds++;
    if (answer.status() / 100 == 2) {
      return true;
    }
    if (answer.status() != 407) {
      throw failures.refused(answer.status());
    }
    authorization = answer(Challenge.parse(answer.values("proxy-authenticate")));
    return false;
  }

  private String answer(List<Challenge> challenges) {
    String offered =
        challenges.stream().map(Challenge::scheme).distinct().collect(Collectors.joining(", "));
    if (proxy.user().isEmpty() || proxy.password().isEmpty()) {
      throw failures.noCredentials();
    }
    Optional<DigestAnswer> digest =
        challenges.stream()
            .flatMap(challenge -> DigestAnswer.to(challenge).stream())
            .reduce((kept, next) -> next.strong() && !kept.strong() ? next : kept);
    if (authorization != null
        && !(digest.isPresent() && stale(challenges) && rounds < MAX_ROUNDS)) {
      throw failures.wrongCredentials();
    }
    String user = proxy.user().get();
    String password = proxy.password().get().reveal();
    if (digest.isPresent()) {
      byte[] nonce = new byte[24];
      random.nextBytes(nonce);
      String clientNonce = Base64.getEncoder().encodeToString(nonce);
      return digest.get().credentials(user, password, "CONNECT", target, clientNonce);
    }
    if (challenges.stream().anyMatch(challenge -> challenge.scheme().equals("basic"))) {
      byte[] both = (user + ":" + password).getBytes(UTF_8);
      return "Basic " + Base64.getEncoder().encodeToString(both);
    }
    throw failures.unknownScheme(offered);
  }

  /** RFC 7616, section 3.3: the nonce is too old; the password was not refused. */
  private static boolean stale(List<Challenge> challenges) {
    return challenges.stream()
        .anyMatch(challenge -> challenge.parameter("stale").equalsIgnoreCase("true"));
  }
}
