package dev.fairlead.samples;

import dev.fairlead.Capability;
import dev.fairlead.Route;
import dev.fairlead.auth.CredentialKind;
import dev.fairlead.policy.TransportPlan;
import dev.fairlead.policy.TransportPolicy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Microsoft's page "Choose a device communication protocol" as a program: describes environments to
 * the policy and prints which of the five protocols it would use in each, in which order, and why
 * not the others. Nothing is connected.
 */
public final class ChooseAProtocol {
  private ChooseAProtocol() {}

  /**
   * Runs the sample.
   *
   * @param args none
   */
  public static void main(String[] args) {
    printPorts();
    environments()
        .forEach(
            (environment, policy) -> {
              System.out.println("=== " + environment);
              System.out.println();
              System.out.println(policy.plan().explain());
            });
  }

  private static void printPorts() {
    TransportPlan everything = TransportPolicy.singleDevice().plan();
    System.out.println("Protocol  Outbound TCP port");
    for (Route route : everything.routes()) {
      System.out.printf("%-8s  %d%n", route.protocol(), route.port());
    }
    System.out.println(
        "Every port that a device may need: "
            + everything.ports().stream().map(String::valueOf).collect(Collectors.joining(", ")));
    System.out.println();
  }

  private static Map<String, TransportPolicy> environments() {
    Map<String, TransportPolicy> environments = new LinkedHashMap<>();
    environments.put("A device on an open network", TransportPolicy.singleDevice());
    environments.put(
        "A device that must be able to reject C2D messages",
        TransportPolicy.builder().requiring(Capability.REJECT).build());
    environments.put(
        "A device with little memory, 512 KB for the client",
        TransportPolicy.builder().memoryBudget(512 * 1024).build());
    environments.put(
        "A device behind a firewall that passes port 443 only",
        TransportPolicy.builder().onlyPort443().build());
    environments.put(
        "A device that wakes twice a day, behind an HTTP proxy, and uploads files",
        TransportPolicy.builder()
            .rarelyConnected(true)
            .proxyRequired(true)
            .cloudMessageLatency(Duration.ofHours(12))
            .fileUpload(true)
            .build());
    environments.put(
        "A gateway for 1,200 devices on shared connections", TransportPolicy.gateway(1200));
    environments.put(
        "A gateway for 300 devices with certificates, behind a firewall",
        TransportPolicy.builder()
            .identities(300)
            .onlyPort443()
            .credentialKind(CredentialKind.X509_THUMBPRINT)
            .build());
    environments.put(
        "The same with certificates from a CA, on shared connections",
        TransportPolicy.gateway(300).toBuilder()
            .onlyPort443()
            .credentialKind(CredentialKind.X509_CA)
            .build());
    return environments;
  }
}
