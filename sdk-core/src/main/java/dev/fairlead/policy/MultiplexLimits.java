package dev.fairlead.policy;

import dev.fairlead.Carrier;

/** How many identities one connection may carry, by what carries the connection. */
record MultiplexLimits(int onTcp, int onWebSocket) {
  int on(Carrier carrier) {
    return carrier == Carrier.TCP ? onTcp : onWebSocket;
  }
}
