package dev.fairlead.peers;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.security.SignatureSpi;
import java.security.interfaces.RSAKey;
import java.security.spec.AlgorithmParameterSpec;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A security module inside this process: a security provider whose keys sign, and have neither
 * format nor encoding, as those of a TPM or of PKCS #11. Installed until it is closed.
 */
public final class OpaqueKeys implements AutoCloseable {
  private static final String NAME = "OpaqueKeys";
  private static final List<String> ALGORITHMS =
      List.of(
          "SHA256withECDSA",
          "SHA384withECDSA",
          "SHA512withECDSA",
          "SHA256withRSA",
          "SHA384withRSA",
          "SHA512withRSA",
          "RSASSA-PSS");

  private final AtomicInteger signatures = new AtomicInteger();

  /** Installs it, after the existing providers. */
  public OpaqueKeys() {
    Security.addProvider(new Module());
  }

  /** A key of this module that signs as the given one does. */
  public PrivateKey of(PrivateKey inside) {
    return inside instanceof RSAKey rsa
        ? new OpaqueRsaKey(inside, rsa.getModulus())
        : new OpaqueKey(inside);
  }

  /** How often a key of this module has signed. */
  public int signatures() {
    return signatures.get();
  }

  @Override
  public void close() {
    Security.removeProvider(NAME);
  }

  private static class OpaqueKey implements PrivateKey {
    private static final long serialVersionUID = 1;

    private final transient PrivateKey inside;

    OpaqueKey(PrivateKey inside) {
      this.inside = inside;
    }

    @Override
    public String getAlgorithm() {
      return inside.getAlgorithm();
    }

    @Override
    @SuppressWarnings("NullAway") // Key: null if the key has no encoding
    public String getFormat() {
      return null;
    }

    @Override
    @SuppressWarnings("NullAway") // Key: null if the key has no encoding
    public byte[] getEncoded() {
      return null;
    }
  }

  /** TLS needs the length of an RSA key. */
  private static final class OpaqueRsaKey extends OpaqueKey implements RSAKey {
    private static final long serialVersionUID = 1;

    private final BigInteger modulus;

    OpaqueRsaKey(PrivateKey inside, BigInteger modulus) {
      super(inside);
      this.modulus = modulus;
    }

    @Override
    public BigInteger getModulus() {
      return modulus;
    }
  }

  private final class Module extends Provider {
    private static final long serialVersionUID = 1;

    Module() {
      super(NAME, "1", "Keys that cannot be exported");
      ALGORITHMS.forEach(algorithm -> putService(new Signatures(this, algorithm)));
    }
  }

  private final class Signatures extends Provider.Service {
    Signatures(Provider module, String algorithm) {
      super(
          module,
          "Signature",
          algorithm,
          Signing.class.getName(),
          null,
          Map.of("SupportedKeyClasses", OpaqueKey.class.getName()));
    }

    @Override
    public Object newInstance(@Nullable Object parameter) {
      return new Signing(getAlgorithm());
    }
  }

  /** Signs with the wrapped key, by any provider that accepts it. */
  private final class Signing extends SignatureSpi {
    private final String algorithm;
    private @Nullable AlgorithmParameterSpec parameters;
    private @Nullable Signature signature;

    Signing(String algorithm) {
      this.algorithm = algorithm;
    }

    private Signature signature() throws SignatureException {
      Signature present = signature;
      if (present == null) {
        throw new SignatureException("not initialized");
      }
      return present;
    }

    @Override
    protected void engineInitSign(PrivateKey key) throws InvalidKeyException {
      if (!(key instanceof OpaqueKey opaque)) {
        throw new InvalidKeyException("not a key of this module");
      }
      try {
        Signature inside = Signature.getInstance(algorithm);
        if (parameters != null) {
          inside.setParameter(parameters);
        }
        inside.initSign(opaque.inside);
        signature = inside;
      } catch (InvalidKeyException e) {
        throw e;
      } catch (GeneralSecurityException e) {
        throw new InvalidKeyException(e);
      }
    }

    @Override
    protected void engineInitVerify(PublicKey key) throws InvalidKeyException {
      throw new InvalidKeyException("this module only signs");
    }

    @Override
    protected void engineUpdate(byte value) throws SignatureException {
      signature().update(value);
    }

    @Override
    protected void engineUpdate(byte[] bytes, int from, int length) throws SignatureException {
      signature().update(bytes, from, length);
    }

    @Override
    protected byte[] engineSign() throws SignatureException {
      signatures.incrementAndGet();
      return signature().sign();
    }

    @Override
    protected boolean engineVerify(byte[] bytes) throws SignatureException {
      throw new SignatureException("this module only signs");
    }

    @Override
    protected void engineSetParameter(AlgorithmParameterSpec given) {
      parameters = given;
    }

    @Override
    @Deprecated
    protected void engineSetParameter(String name, Object value) {
      throw new UnsupportedOperationException();
    }

    @Override
    @Deprecated
    protected Object engineGetParameter(String name) {
      throw new UnsupportedOperationException();
    }
  }
}
