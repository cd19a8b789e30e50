package dev.fairlead.localhub.twin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.fairlead.localhub.HubTime;
import dev.fairlead.localhub.LocalHubException;
import dev.fairlead.localhub.TwinView;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The twin of one identity (page "Understand and use device twins"). Safe for use by several
 * threads.
 */
public final class Twin {

  private final HubTime time;
  private final Consumer<DesiredChange> onDesired;
  private final TwinSection desired;
  private final TwinSection reported;

  /**
   * @param time the hub's clock
   * @param onDesired called in the order of versions, with the twin's monitor held: may only post
   *     the change to another thread
   */
  public Twin(HubTime time, Consumer<DesiredChange> onDesired) {
    this.time = time;
    this.onDesired = onDesired;
    this.desired = new TwinSection(true, time.now());
    this.reported = new TwinSection(false, time.now());
  }

  /**
   * A change of desired properties, in the form sent to a device.
   *
   * @param version the new version
   * @param json the changed part, with null for removed properties, and {@code $version}
   */
  public record DesiredChange(long version, String json) {}

  /** Merges a patch into the desired properties; answers the new version. */
  public long updateDesired(String patch) {
    ObjectNode changes = Json.parseObject(patch);
    synchronized (this) {
      desired.merge(changes, time.now());
      return announce(changes);
    }
  }

  /** Replaces the desired properties; answers the new version. */
  public long replaceDesired(String json) {
    ObjectNode replacement = Json.parseObject(json);
    synchronized (this) {
      return announce(desired.replace(replacement, time.now()));
    }
  }

  private long announce(ObjectNode changes) {
    long version = desired.version();
    onDesired.accept(
        new DesiredChange(version, Json.print(changes.deepCopy().put("$version", version))));
    return version;
  }

  /**
   * Merges a device's patch into the reported properties.
   *
   * @param patch a JSON object
   * @param base the version that the device has; if given, it must be the current one (412001)
   * @return the new version
   */
  public long updateReported(String patch, OptionalLong base) {
    ObjectNode changes = Json.parseObject(patch);
    synchronized (this) {
      if (base.isPresent() && base.getAsLong() != reported.version()) {
        throw new LocalHubException(
            412001,
            "The reported properties are at version "
                + reported.version()
                + ", not "
                + base.getAsLong()
                + ". Read the twin again.");
      }
      reported.merge(changes, time.now());
      return reported.version();
    }
  }

  /** The version of the desired properties. */
  public synchronized long desiredVersion() {
    return desired.version();
  }

  /**
   * The twin as a device reads it: desired and reported with {@code $version}, no metadata, no
   * tags.
   */
  public synchronized String forDevice() {
    ObjectNode document = Json.object();
    document.set("desired", desired.properties().deepCopy().put("$version", desired.version()));
    document.set("reported", reported.properties().deepCopy().put("$version", reported.version()));
    return Json.print(document);
  }

  /** The twin as the service side reads it. */
  public synchronized TwinView view() {
    return new TwinView(
        Json.print(desired.properties()),
        desired.version(),
        Json.print(desired.metadata()),
        Json.print(reported.properties()),
        reported.version(),
        Json.print(reported.metadata()));
  }
}
