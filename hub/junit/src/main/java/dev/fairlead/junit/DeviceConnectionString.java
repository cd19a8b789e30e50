package dev.fairlead.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the {@link String} parameter that takes the connection string of the test's device. It
 * contains no port; the hub's ports are in {@link dev.fairlead.localhub.LocalHub#mqttPort} and its
 * siblings.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface DeviceConnectionString {}
