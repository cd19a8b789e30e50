package dev.fairlead.integration;

import dev.fairlead.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.opentest4j.TestAbortedException;

/**
 * A security module: SoftHSM by way of the JDK's SunPKCS11. Keys are generated in its token and
 * never leave it.
 *
 * @param provider installed until it is closed
 * @param store the token as a key store
 */
record SoftHsm(Provider provider, KeyStore store) implements AutoCloseable {
  static final Secret PIN = Secret.of("canary-pin-1234");

  private static final List<Path> LIBRARIES =
      List.of(
          Path.of("/usr/lib/softhsm/libsofthsm2.so"),
          Path.of("/usr/lib64/pkcs11/libsofthsm2.so"),
          Path.of("/opt/homebrew/lib/softhsm/libsofthsm2.so"));

  /** Starts with an empty token, or aborts the test with the reason. */
  static SoftHsm start(Path directory) throws Exception {
    Optional<Path> library = LIBRARIES.stream().filter(Files::exists).findFirst();
    String configuration = System.getenv("SOFTHSM2_CONF");
    if (library.isEmpty() || configuration == null) {
      throw new TestAbortedException(
          "This test needs SoftHSM ("
              + LIBRARIES.get(0)
              + "; package softhsm2) and the environment variable SOFTHSM2_CONF, which Maven sets.");
    }
    Path tokens = Files.createDirectories(directory.resolve("tokens"));
    Files.writeString(
        Path.of(configuration), "directories.tokendir = " + tokens + "\nlog.level = ERROR\n");
    initializeToken();
    // The first slot has the new token; a free slot follows.
    String sunPkcs11 =
        """
        --name = SoftHsm
        library = %s
        slotListIndex = 0
        attributes(generate, CKO_PRIVATE_KEY, *) = {
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
        }
        """
            .formatted(library.get());
    Provider provider = Security.getProvider("SunPKCS11").configure(sunPkcs11);
    Security.addProvider(provider);
    KeyStore store = KeyStore.getInstance("PKCS11", provider);
    store.load(null, PIN.reveal().toCharArray());
    return new SoftHsm(provider, store);
  }

  private static void initializeToken() throws IOException, InterruptedException {
    Process tool =
        new ProcessBuilder(
                "softhsm2-util",
                "--init-token",
                "--free",
                "--label",
                "fairlead",
                "--so-pin",
                PIN.reveal(),
                "--pin",
                PIN.reveal())
            .redirectErrorStream(true)
            .start();
    String said = new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!tool.waitFor(20, TimeUnit.SECONDS) || tool.exitValue() != 0) {
      throw new IOException("softhsm2-util failed: " + said);
    }
  }

  /** Creates the certificates of a public key. */
  interface Issuer {
    List<X509Certificate> issue(KeyPair pair) throws Exception;
  }

  /** Generates a key in the token and stores it there with its certificate. */
  X509Certificate newKey(
      String alias, String algorithm, AlgorithmParameterSpec parameters, Issuer issuer)
      throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, provider);
    generator.initialize(parameters);
    KeyPair pair = generator.generateKeyPair();
    List<X509Certificate> chain = issuer.issue(pair);
    store.setKeyEntry(alias, pair.getPrivate(), null, chain.toArray(new X509Certificate[0]));
    return chain.get(0);
  }

  @Override
  public void close() {
    Security.removeProvider(provider.getName());
  }
}
