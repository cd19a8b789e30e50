package dev.fairlead.localhub;

/**
 * A device's answer to a direct method.
 *
 * @param status the device's own status; 200 is usual for success, 501 for a method that it does
 *     not implement
 * @param payload JSON as the device wrote it; empty if it sent none
 */
public record MethodResult(int status, String payload) {}
