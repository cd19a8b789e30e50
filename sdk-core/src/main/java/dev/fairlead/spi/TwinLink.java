package dev.fairlead.spi;

import java.util.concurrent.CompletionStage;

/** The twin of the identity, through one session. Called on the session's loop. */
public interface TwinLink {
  /**
   * Reads the twin.
   *
   * @return the document as the hub sent it, {@code
   *     {"desired":{…,"$version":n},"reported":{…,"$version":m}}}; fails with a {@link
   *     dev.fairlead.HubException}, at the latest after the transport's time-out or when the
   *     session ends
   */
  CompletionStage<String> get();

  /**
   * Merges into the reported properties.
   *
   * @param patch a JSON object, checked already
   * @return the new version of the reported properties; fails as {@link #get()}
   */
  CompletionStage<Long> report(String patch);
}
