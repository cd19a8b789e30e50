package dev.fairlead;

/**
 * The twin as a device sees it. Source: IoT Hub developer guide, "Understand and use device twins".
 *
 * @param desired what the cloud wants
 * @param reported what the device has reported
 */
public record Twin(TwinProperties desired, TwinProperties reported) {}
