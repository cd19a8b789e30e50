package dev.fairlead.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.transport.HubCode.Kind;
import dev.fairlead.transport.HubCode.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HubCodeTest {
  @ParameterizedTest
  @EnumSource
  void eachCodeIsFoundByNumberAndByName(HubCode code) {
    assertThat(HubCode.of(code.number())).hasValue(code);
    assertThat(HubCode.named(code.hubName())).hasValue(code);
    assertThat(code.status()).isBetween(400, 599);
  }

  @Test
  void whatIsNotListedIsNotFound() {
    assertThat(HubCode.of(400)).isEmpty();
    assertThat(HubCode.of(409005)).isEmpty();
    assertThat(HubCode.named("")).isEmpty();
  }

  /** Where the transports contradicted each other, as docs/adr/0011 settles it. */
  @ParameterizedTest
  @CsvSource({
    "400001, PROTOCOL_ERROR, THE_HUB",
    "400021, TEMPORARY, THIS_OPERATION",
    "400024, TEMPORARY, THIS_OPERATION",
    "401001, UNAUTHORIZED, THE_HUB",
    "403001, SUSPENDED, THE_HUB",
    "403002, QUOTA_EXCEEDED, THE_HUB",
    "403005, QUOTA_EXCEEDED, THIS_IDENTITY",
    "403006, QUOTA_EXCEEDED, THIS_OPERATION",
    "404104, TEMPORARY, THIS_IDENTITY",
    "409002, TAKEN_OVER, THIS_IDENTITY",
    "412002, LOCK_LOST, THIS_MESSAGE",
    "413001, REJECTED, THIS_MESSAGE",
    "503008, THROTTLED, THIS_IDENTITY"
  })
  void theContradictionsAreSettled(int number, Kind kind, Scope scope) {
    HubCode code = HubCode.of(number).orElseThrow();
    assertThat(code.kind()).isEqualTo(kind);
    assertThat(code.scope()).isEqualTo(scope);
  }
}
