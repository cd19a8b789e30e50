package dev.fairlead.https;

import dev.fairlead.Protocol;
import dev.fairlead.localhub.Fault;
import dev.fairlead.spi.TransportProvider;
import dev.fairlead.tck.RejectionContract;
import java.util.Map;

class HttpsRejectionTest extends RejectionContract {
  @Override
  protected TransportProvider transport() {
    return Patient.transport();
  }

  @Override
  protected Protocol protocol() {
    return Protocol.HTTPS;
  }

  @Override
  protected Map<String, Fault> refusals() {
    return Patient.REFUSALS;
  }
}
