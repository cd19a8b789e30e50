package dev.fairlead.localhub.registry;

import dev.fairlead.localhub.CloudToDeviceMessage;
import dev.fairlead.localhub.Device;
import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.MethodResult;
import dev.fairlead.localhub.SentMessage;
import dev.fairlead.localhub.TwinView;
import dev.fairlead.localhub.cloud.CloudQueue;
import dev.fairlead.localhub.fault.FaultMessage;
import dev.fairlead.localhub.method.DirectMethods;
import dev.fairlead.localhub.registry.DeviceSession.CutReason;
import dev.fairlead.localhub.twin.Twin;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One identity: its credentials, its connection, its queue, twin and methods. Safe for use by
 * several threads.
 */
public final class HubDevice implements Device {

  private final Registry registry;
  private final IdentityId id;
  private final String generationId;
  private final CloudQueue cloudQueue;
  private final Twin twin;
  private final DirectMethods methods;

  private final Object lock = new Object();
  // Read without the lock by the twin and the queue, written under it.
  private volatile @Nullable DeviceSession session;
  private DeviceAuth auth;
  private boolean enabled = true;
  private boolean deleted;
  private long accessGeneration;
  private long connections;

  HubDevice(
      Registry registry,
      IdentityId id,
      String generationId,
      DeviceAuth auth,
      HubTime time,
      CloudQueue.Rules rules) {
    this.registry = registry;
    this.id = id;
    this.generationId = generationId;
    this.auth = auth;
    this.cloudQueue = new CloudQueue(time, rules, this::wakeForCloudMessages);
    this.twin = new Twin(time, this::passOn);
    this.methods = new DirectMethods(time);
  }

  // --- for front ends

  /** The identity's name. */
  public IdentityId id() {
    return id;
  }

  /** New on every creation, so that a re-created identity can be distinguished from the old one. */
  public String generationId() {
    return generationId;
  }

  /**
   * The path of the identity in URLs and token scopes, ids unescaped: {@code /devices/d/modules/m}.
   */
  public String resourcePath() {
    return "/devices/" + id.device() + id.module().map(module -> "/modules/" + module).orElse("");
  }

  /** The C2D queue; that of a module is always empty. */
  public CloudQueue cloudQueue() {
    return cloudQueue;
  }

  /** The twin. */
  public Twin properties() {
    return twin;
  }

  /** The direct methods. */
  public DirectMethods methods() {
    return methods;
  }

  /** How the identity authenticates. */
  public DeviceAuth auth() {
    synchronized (lock) {
      return auth;
    }
  }

  /** Changes with every event that invalidates credentials that were checked before. */
  public long accessGeneration() {
    synchronized (lock) {
      return accessGeneration;
    }
  }

  /**
   * Makes a connection that of this identity and cuts the previous one.
   *
   * @param connection the new one
   * @param generation {@link #accessGeneration} as it was before the credentials were checked
   * @return false if the identity was disabled, deleted or given new keys since then
   */
  public boolean attach(DeviceSession connection, long generation) {
    DeviceSession before;
    synchronized (lock) {
      if (deleted || !enabled || generation != accessGeneration) {
        return false;
      }
      before = session;
      session = connection;
      connections++;
    }
    if (before != null) {
      before.cut(CutReason.TAKEN_OVER);
    }
    return true;
  }

  /** Called when the first request of this device arrives on a connection. */
  public void countConnection() {
    synchronized (lock) {
      connections++;
    }
  }

  /** Called when a connection has ended. */
  public void detach(DeviceSession connection) {
    synchronized (lock) {
      if (session == connection) {
        session = null;
      }
    }
    cloudQueue.release(connection);
  }

  private void wakeForCloudMessages() {
    DeviceSession current = session;
    if (current != null) {
      current.cloudMessagesWaiting();
    }
  }

  private void passOn(Twin.DesiredChange change) {
    DeviceSession current = session;
    if (current != null) {
      current.desiredChanged(change);
    }
  }

  private void cut(CutReason reason) {
    DeviceSession current = session;
    if (current != null) {
      current.cut(reason);
    }
  }

  void markDeleted() {
    synchronized (lock) {
      deleted = true;
      accessGeneration++;
    }
    cut(CutReason.DELETED);
    cloudQueue.purge();
  }

  // --- the service side

  @Override
  public String deviceId() {
    return id.device();
  }

  @Override
  public Optional<String> moduleId() {
    return id.module();
  }

  @Override
  public String connectionString() {
    DeviceAuth now = auth();
    String secret =
        now instanceof DeviceAuth.SymmetricKeys keys
            ? "SharedAccessKey=" + keys.primary()
            : "x509=true";
    String module = id.module().map(name -> "ModuleId=" + name + ";").orElse("");
    return "HostName=" + registry.hostName() + ";DeviceId=" + id.device() + ";" + module + secret;
  }

  @Override
  public String primaryKey() {
    return keys().primary();
  }

  @Override
  public String secondaryKey() {
    return keys().secondary();
  }

  private DeviceAuth.SymmetricKeys keys() {
    if (auth() instanceof DeviceAuth.SymmetricKeys keys) {
      return keys;
    }
    throw new IllegalStateException(
        "The identity '" + id + "' authenticates by certificate and has no keys.");
  }

  @Override
  public Device createModule(String moduleId) {
    return createModule(moduleId, DeviceAuth.randomKeys());
  }

  @Override
  public Device createModule(String moduleId, DeviceAuth moduleAuth) {
    if (id.module().isPresent()) {
      throw new LocalHubException(
          400301, "A module cannot have modules. Create it on the device '" + id.device() + "'.");
    }
    checkExists();
    return registry.create(id.module(moduleId), moduleAuth);
  }

  @Override
  public boolean isEnabled() {
    synchronized (lock) {
      return enabled;
    }
  }

  @Override
  public void setEnabled(boolean value) {
    checkExists();
    synchronized (lock) {
      enabled = value;
      accessGeneration++;
    }
    if (!value) {
      cut(CutReason.DISABLED);
      registry.modulesOf(id).forEach(module -> module.cut(CutReason.DISABLED));
    }
  }

  @Override
  public void regenerateKeys() {
    checkExists();
    synchronized (lock) {
      auth = DeviceAuth.randomKeys();
      accessGeneration++;
    }
    cut(CutReason.NEW_KEYS);
  }

  @Override
  public boolean isConnected() {
    return session != null;
  }

  @Override
  public long connectionsSoFar() {
    synchronized (lock) {
      return connections;
    }
  }

  @Override
  public void dropConnection() {
    cut(CutReason.DROPPED);
  }

  @Override
  public boolean injectFault(String operation, Duration delay, Duration duration) {
    DeviceSession current = session;
    if (current == null) {
      return false;
    }
    current.inject(new FaultMessage(operation, delay, duration));
    return true;
  }

  @Override
  public SentMessage sendCloudMessage(CloudToDeviceMessage message) {
    checkExists();
    if (id.module().isPresent()) {
      throw new LocalHubException(
          400003, "Modules get no C2D messages. Send to the device '" + id.device() + "'.");
    }
    return cloudQueue.enqueue(message);
  }

  @Override
  public int queuedCloudMessages() {
    return cloudQueue.pending();
  }

  @Override
  public void purgeCloudMessages() {
    cloudQueue.purge();
  }

  @Override
  public CompletableFuture<MethodResult> invokeMethod(
      String name, String jsonPayload, Duration connectTimeout, Duration responseTimeout) {
    checkExists();
    return methods.invoke(name, jsonPayload, connectTimeout, responseTimeout);
  }

  @Override
  public long updateDesired(String jsonMergePatch) {
    checkExists();
    return twin.updateDesired(jsonMergePatch);
  }

  @Override
  public long replaceDesired(String json) {
    checkExists();
    return twin.replaceDesired(json);
  }

  @Override
  public TwinView twin() {
    checkExists();
    return twin.view();
  }

  private void checkExists() {
    synchronized (lock) {
      if (deleted) {
        int code = id.module().isPresent() ? 404010 : 404001;
        throw new LocalHubException(
            code, "The identity '" + id + "' was deleted. Create it again.");
      }
    }
  }

  @Override
  public String toString() {
    return "Device[" + id + "]";
  }
}
