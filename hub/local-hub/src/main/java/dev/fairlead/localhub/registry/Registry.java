package dev.fairlead.localhub.registry;

import dev.fairlead.localhub.DeviceAuth;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.cloud.CloudQueue;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/** The identities of the hub. Safe for use by several threads. */
public final class Registry {

  private final ConcurrentMap<IdentityId, HubDevice> identities = new ConcurrentHashMap<>();
  private final AtomicLong generations;
  private final String hostName;
  private final HubTime time;
  private final CloudQueue.Rules queueRules;

  /** Creates an empty registry. */
  public Registry(String hostName, HubTime time, CloudQueue.Rules queueRules) {
    this.hostName = hostName;
    this.time = time;
    this.queueRules = queueRules;
    // 18 ascending digits, in the form of the hub's generation ids.
    this.generations = new AtomicLong(600_000_000_000_000_000L + time.now().toEpochMilli() * 1000);
  }

  /** The hub's host name. */
  public String hostName() {
    return hostName;
  }

  /**
   * Creates an identity.
   *
   * @throws LocalHubException 409001 or 409301 if the identity exists, 404001 for a module of an
   *     unknown device
   */
  public HubDevice create(IdentityId id, DeviceAuth auth) {
    if (id.module().isPresent() && !identities.containsKey(IdentityId.ofDevice(id.device()))) {
      throw new LocalHubException(
          404001, "There is no device '" + id.device() + "' to add a module to. Create it first.");
    }
    String generation = String.format(Locale.ROOT, "%018d", generations.incrementAndGet());
    HubDevice fresh = new HubDevice(this, id, generation, auth, time, queueRules);
    if (identities.putIfAbsent(id, fresh) != null) {
      int code = id.module().isPresent() ? 409301 : 409001;
      throw new LocalHubException(
          code, "The identity '" + id + "' exists already. Use it, or delete it first.");
    }
    return fresh;
  }

  /** An identity; empty if it does not exist. */
  public Optional<HubDevice> find(IdentityId id) {
    return Optional.ofNullable(identities.get(id));
  }

  /** Deletes a device and its modules, or a module; does nothing if it does not exist. */
  public void delete(IdentityId id) {
    modulesOf(id).forEach(module -> delete(module.id()));
    HubDevice removed = identities.remove(id);
    if (removed != null) {
      removed.markDeleted();
    }
  }

  /** How many identities there are. */
  public int size() {
    return identities.size();
  }

  /** All identities, in no order. */
  public List<HubDevice> all() {
    return List.copyOf(identities.values());
  }

  List<HubDevice> modulesOf(IdentityId id) {
    if (id.module().isPresent()) {
      return List.of();
    }
    return identities.values().stream()
        .filter(other -> other.id().module().isPresent() && other.id().device().equals(id.device()))
        .toList();
  }

  /** Whether the device of a module may connect; true for a device. */
  public boolean isParentEnabled(IdentityId id) {
    return id.module().isEmpty()
        || find(IdentityId.ofDevice(id.device())).filter(HubDevice::isEnabled).isPresent();
  }
}
