package dev.fairlead.localhub.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.BindException;
import java.nio.channels.UnresolvedAddressException;
import org.junit.jupiter.api.Test;

class ListenerTest {

  @Test
  void saysHowToHaveAPrivilegedPort() {
    assertThat(
            Listener.explain("port 443 on 127.0.0.1", 443, new BindException("Permission denied")))
        .startsWith("The hub cannot listen on port 443 on 127.0.0.1: Permission denied.")
        .contains("--https-port 8443")
        .contains("net.ipv4.ip_unprivileged_port_start=443")
        .contains("setcap cap_net_bind_service=+ep");
  }

  @Test
  void speaksOfPrivilegesOnlyWhereTheyAreMissing() {
    assertThat(Listener.explain("here", 443, new BindException("Address already in use")))
        .contains("choose another port")
        .doesNotContain("setcap");
    assertThat(Listener.explain("here", 8443, new BindException("Permission denied")))
        .doesNotContain("setcap");
    assertThat(Listener.explain("here", 443, new UnresolvedAddressException()))
        .contains("UnresolvedAddressException");
  }
}
