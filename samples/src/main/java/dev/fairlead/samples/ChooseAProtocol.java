package dev.fairlead.samples;

import dev.fairlead.Capability;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.mqtt.MqttTransport;
import dev.fairlead.policy.RouteMemory;
import dev.fairlead.policy.TransportPolicy;
import dev.fairlead.spi.TransportOffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Describes a few environments to the policy and prints which routes it would use in each, and why.
 * Nothing is connected.
 */
public final class ChooseAProtocol {
  private ChooseAProtocol() {}

  /**
   * Runs the sample.
   *
   * @param args none
   */
  public static void main(String[] args) {
    Map<String, TransportPolicy> environments = new LinkedHashMap<>();
    environments.put("A device on an open network", TransportPolicy.singleDevice());
    environments.put(
        "A device that must be able to reject C2D messages",
        TransportPolicy.builder().requiring(Capability.REJECT).build());
    environments.put(
        "A device behind a firewall that passes 443 only",
        TransportPolicy.builder().onlyPort443().build());
    environments.put("A gateway for 300 devices", TransportPolicy.gateway(300));
    environments.put(
        "A gateway with certificates from a CA, behind a firewall",
        TransportPolicy.builder()
            .identities(300)
            .sharedConnection(true)
            .onlyPort443()
            .credentialKind(CredentialKind.X509_CA)
            .build());

    List<TransportOffer> installed = List.of(new MqttTransport().offer());
    environments.forEach(
        (environment, policy) -> {
          System.out.println("=== " + environment);
          System.out.println(
              policy
                  .plan(installed, Set.of(Capability.TELEMETRY), RouteMemory.Snapshot.none())
                  .explain());
        });
  }
}
