package dev.fairlead.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Selects the device of a parameter, for tests with several devices. Parameters with the same name
 * share one device; parameters without this annotation share another one.
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
   * The name. The device's id begins with it.
   *
   * @return letters, digits and hyphens
   */
  String value();
}
