package dev.fairlead;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceIdentityTest {
  @ParameterizedTest
  @ValueSource(strings = {"d", "Device-7", "-._:*?!(),=@;$'%#+", "00:1A:2B"})
  void takesIdsThatTheHubTakes(String id) {
    assertThat(DeviceIdentity.device(id).deviceId()).isEqualTo(id);
    assertThat(DeviceIdentity.module("d", id).moduleId()).hasValue(id);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "a b", "a/b", "a\\b", "ä", "a\n", "a&b", "a\"b", "<a>", "a\u0000"})
  void refusesIdsThatTheHubRefuses(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceIdentity.device(id))
        .withMessageContaining("device id \"" + id + "\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceIdentity.module("d", id))
        .withMessageContaining("module id \"" + id + "\"");
  }

  @Test
  void boundsTheLength() {
    String longest = "x".repeat(128);
    assertThat(DeviceIdentity.device(longest).deviceId()).hasSize(128);

    assertThatIllegalArgumentException().isThrownBy(() -> DeviceIdentity.device(longest + "x"));
  }

  @Test
  void printsAsTheHubNamesIt() {
    assertThat(DeviceIdentity.device("d")).hasToString("d");
    assertThat(DeviceIdentity.module("d", "m")).hasToString("d/m");
  }

  @Test
  void tellsCasesApart() {
    assertThat(DeviceIdentity.device("d")).isNotEqualTo(DeviceIdentity.device("D"));
    assertThat(DeviceIdentity.device("d")).isNotEqualTo(DeviceIdentity.module("d", "m"));
  }
}
