package dev.fairlead.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Says which device of the test a parameter is about, for tests of several devices. Parameters of
 * one name are about one device; a parameter without this annotation is about one more.
 *
 * <pre>{@code
 * void test(@NamedDevice("boiler") DeviceClientBuilder boiler, @NamedDevice("pump") Device pump)
 * }</pre>
 */
@Target(ElementType.PARAMETER)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface NamedDevice {
  /**
   * The name, with which the device's id begins.
   *
   * @return letters, digits and hyphens
   */
  String value();
}
