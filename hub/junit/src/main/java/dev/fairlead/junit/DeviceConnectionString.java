package dev.fairlead.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the {@link String} parameter that takes the connection string of the test's device. It
 * names no port: the hub listens on {@link dev.fairlead.localhub.LocalHub#mqttPort}.
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface DeviceConnectionString {}
