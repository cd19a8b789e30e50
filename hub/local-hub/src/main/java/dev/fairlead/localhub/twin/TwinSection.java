package dev.fairlead.localhub.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Map;

/** Desired or reported properties with their version and metadata. Guarded by its {@link Twin}. */
final class TwinSection {

  private static final String LAST_UPDATED = "$lastUpdated";
  private static final String LAST_UPDATED_VERSION = "$lastUpdatedVersion";

  private final boolean stampsVersions;
  private ObjectNode properties = Json.object();
  private ObjectNode metadata = Json.object();
  private long version = 1;

  /**
   * @param stampsVersions whether metadata contains the version of the last update, as for desired
   *     properties
   * @param created when the identity was created
   */
  TwinSection(boolean stampsVersions, Instant created) {
    this.stampsVersions = stampsVersions;
    stamp(metadata, created);
  }

  ObjectNode properties() {
    return properties;
  }

  ObjectNode metadata() {
    return metadata;
  }

  long version() {
    return version;
  }

  /** Merges a patch (RFC 7396); all or nothing. */
  void merge(ObjectNode patch, Instant now) {
    TwinLimits.checkPatch(patch);
    ObjectNode merged = properties.deepCopy();
    ObjectNode mergedMetadata = metadata.deepCopy();
    version++;
    try {
      merge(merged, mergedMetadata, patch, now);
      TwinLimits.checkSize(merged);
    } catch (RuntimeException e) {
      version--;
      throw e;
    }
    properties = merged;
    metadata = mergedMetadata;
  }

  /** Replaces everything; answers the patch that brings a device up to date. */
  ObjectNode replace(ObjectNode replacement, Instant now) {
    TwinLimits.checkPatch(replacement);
    ObjectNode patch = withRemovals(properties, replacement);
    ObjectNode fresh = Json.object();
    ObjectNode freshMetadata = Json.object();
    version++;
    try {
      merge(fresh, freshMetadata, replacement, now);
      TwinLimits.checkSize(fresh);
    } catch (RuntimeException e) {
      version--;
      throw e;
    }
    properties = fresh;
    metadata = freshMetadata;
    return patch;
  }

  private void merge(ObjectNode target, ObjectNode targetMetadata, ObjectNode patch, Instant now) {
    stamp(targetMetadata, now);
    for (Map.Entry<String, JsonNode> change : patch.properties()) {
      String key = change.getKey();
      JsonNode value = change.getValue();
      if (value.isNull()) {
        target.remove(key);
        targetMetadata.remove(key);
      } else if (value instanceof ObjectNode object) {
        boolean mergeable = target.get(key) instanceof ObjectNode;
        ObjectNode child = mergeable ? (ObjectNode) target.get(key) : target.putObject(key);
        ObjectNode childMetadata =
            mergeable && targetMetadata.get(key) instanceof ObjectNode known
                ? known
                : targetMetadata.putObject(key);
        merge(child, childMetadata, object, now);
      } else {
        target.set(key, value.deepCopy());
        stamp(targetMetadata.putObject(key), now);
      }
    }
  }

  private void stamp(ObjectNode node, Instant now) {
    node.put(LAST_UPDATED, HubTimestamps.print(now));
    if (stampsVersions) {
      node.put(LAST_UPDATED_VERSION, version);
    }
  }

  private static ObjectNode withRemovals(ObjectNode old, ObjectNode replacement) {
    ObjectNode patch = replacement.deepCopy();
    for (Map.Entry<String, JsonNode> property : old.properties()) {
      JsonNode kept = replacement.get(property.getKey());
      if (kept == null || kept.isNull()) {
        patch.set(property.getKey(), NullNode.getInstance());
      } else if (property.getValue() instanceof ObjectNode oldChild
          && kept instanceof ObjectNode keptChild) {
        patch.set(property.getKey(), withRemovals(oldChild, keptChild));
      }
    }
    return patch;
  }
}
