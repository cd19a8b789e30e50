/**
 * What a transport implements and what it is given. There is no {@code send} and no {@code
 * receive}: a session pulls telemetry from its leased {@link dev.fairlead.spi.OutboxReader} and
 * pushes what arrives into its {@link dev.fairlead.spi.Inbox}.
 */
@NullMarked
package dev.fairlead.spi;

import org.jspecify.annotations.NullMarked;
