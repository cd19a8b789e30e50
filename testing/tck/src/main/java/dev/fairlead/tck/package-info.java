/**
 * The contract that every transport passes, as JUnit classes to extend: a transport's test names
 * its {@link dev.fairlead.tck.TransportHarness} in a subclass of {@link
 * dev.fairlead.tck.TransportContract}, and all of it runs. The package also has what such tests
 * need: a {@link dev.fairlead.tck.FakeTime}, and a recording {@link
 * dev.fairlead.tck.RecordingContext} for tests of a session without a client.
 */
@NullMarked
package dev.fairlead.tck;

import org.jspecify.annotations.NullMarked;
