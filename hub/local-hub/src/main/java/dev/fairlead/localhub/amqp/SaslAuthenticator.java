package dev.fairlead.localhub.amqp;

import java.util.function.Consumer;
import org.apache.qpid.protonj2.buffer.ProtonBuffer;
import org.apache.qpid.protonj2.engine.sasl.SaslOutcome;
import org.apache.qpid.protonj2.engine.sasl.SaslServerContext;
import org.apache.qpid.protonj2.engine.sasl.SaslServerListener;
import org.apache.qpid.protonj2.types.Symbol;
import org.apache.qpid.protonj2.types.transport.AMQPHeader;

/**
 * The SASL layer, for clients that open with one (AMQP 1.0, part 5, section 5.3). The mechanisms
 * are those that the hub offers; {@code ANONYMOUS} and {@code MSSBCBS} both mean that tokens will
 * be put later.
 */
final class SaslAuthenticator implements SaslServerListener {

  private static final Symbol PLAIN = Symbol.valueOf("PLAIN");
  private static final Symbol EXTERNAL = Symbol.valueOf("EXTERNAL");
  private static final Symbol ANONYMOUS = Symbol.valueOf("ANONYMOUS");
  private static final Symbol MSSBCBS = Symbol.valueOf("MSSBCBS");

  private final ConnectionIdentities identities;
  private final String hostName;
  private final Runnable moment;
  private final Consumer<String> refused;

  /**
   * @param moment called after a client has chosen a mechanism and before the answer; may end the
   *     connection
   * @param refused called when a client was refused, with the reason
   */
  SaslAuthenticator(
      ConnectionIdentities identities, String hostName, Runnable moment, Consumer<String> refused) {
    this.identities = identities;
    this.hostName = hostName;
    this.moment = moment;
    this.refused = refused;
  }

  @Override
  public void handleSaslHeader(SaslServerContext context, AMQPHeader header) {
    context.sendMechanisms(new Symbol[] {EXTERNAL, MSSBCBS, ANONYMOUS, PLAIN});
  }

  @Override
  public void handleSaslInit(
      SaslServerContext context, Symbol mechanism, ProtonBuffer initialResponse) {
    moment.run();
    String trouble = troubleWith(mechanism, initialResponse);
    context.sendOutcome(trouble.isEmpty() ? SaslOutcome.SASL_OK : SaslOutcome.SASL_AUTH, null);
    if (!trouble.isEmpty()) {
      refused.accept(trouble);
    }
  }

  private String troubleWith(Symbol mechanism, ProtonBuffer response) {
    if (ANONYMOUS.equals(mechanism) || MSSBCBS.equals(mechanism)) {
      return "";
    }
    if (EXTERNAL.equals(mechanism)) {
      return identities.hasCertificate()
          ? ""
          : "the client chose EXTERNAL without a client certificate";
    }
    if (!PLAIN.equals(mechanism)) {
      return "the client chose the mechanism " + mechanism + ", which the hub does not offer";
    }
    byte[] bytes = new byte[response == null ? 0 : response.getReadableBytes()];
    if (response != null) {
      response.copyInto(response.getReadOffset(), bytes, 0, bytes.length);
    }
    return PlainUser.parse(bytes, hostName)
        .map(identities::authenticate)
        .orElse(
            "the SASL PLAIN user name is not {device}@sas.{hub}, or its policy is not the token's");
  }

  @Override
  public void handleSaslResponse(SaslServerContext context, ProtonBuffer response) {
    context.sendOutcome(SaslOutcome.SASL_AUTH, null); // No offered mechanism has challenges.
    refused.accept("the client answered a challenge that the hub had not sent");
  }
}
