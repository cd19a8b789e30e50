package dev.fairlead.auth;

import java.util.concurrent.CompletionStage;

/**
 * Signs with a key that this process cannot read: a TPM, a secure element, the IoT Edge workload
 * API, a signing service. Called for every new token, on a thread of the client, one call at a time
 * for each client.
 */
@FunctionalInterface
public interface Signer {
  /**
   * Computes HMAC-SHA256 of the data with the identity's key.
   *
   * @param data the bytes to sign; the signer's own copy
   * @return completes with the 32 bytes of the signature, from any thread. The method may block;
   *     the client waits for the outcome as long as opening a route may take (30 s by default). A
   *     failure of any kind makes the client ask again later.
   */
  CompletionStage<byte[]> sign(byte[] data);
}
