package dev.fairlead.localhub;

/**
 * A snapshot of a twin.
 *
 * @param desired the desired properties, a JSON object without {@code $version} and {@code
 *     $metadata}
 * @param desiredVersion its version; 1 when the identity is created, incremented by each accepted
 *     update
 * @param desiredMetadata its {@code $metadata} as JSON
 * @param reported the reported properties, as {@code desired}
 * @param reportedVersion its version
 * @param reportedMetadata its {@code $metadata} as JSON
 */
public record TwinView(
    String desired,
    long desiredVersion,
    String desiredMetadata,
    String reported,
    long reportedVersion,
    String reportedMetadata) {}
