package dev.fairlead.outbox;

/** What the end of a session says about the messages in flight. */
public enum SessionEnd {
  /** Nothing: the client closed it, or it never opened. */
  PLANNED,
  /** Nothing about a message, but the next session begins slowly: throttled, or the network. */
  EXPLAINED,
  /** One of them may be why the hub ended it. */
  UNEXPLAINED
}
