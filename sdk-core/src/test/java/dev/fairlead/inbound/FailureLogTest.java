package dev.fairlead.inbound;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.fairlead.HubException;
import dev.fairlead.Progress;
import dev.fairlead.RejectedException;
import dev.fairlead.threads.ManualLoop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FailureLogTest {
  private static final HubException EXPIRED =
      new RejectedException("It has expired.", Progress.NOT_SENT);

  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger(FailureLog.class);
  private final ManualLoop loop = new ManualLoop();
  private final FailureLog log = new FailureLog(loop);

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void detach() {
    logger.detachAppender(lines);
  }

  @Test
  void writesTheFirstAndThenOneLineForAllOfAMinute() {
    for (int i = 1; i <= 1000; i++) {
      log.add(i, EXPIRED);
    }
    assertThat(lines.list).hasSize(1);

    loop.advance(FailureLog.INTERVAL);
    assertThat(lines.list).hasSize(2);
    assertThat(lines.list.get(1).getFormattedMessage())
        .contains("999 ", "1000", "It has expired.", "onStoredOutcome");
    assertThat(lines.list).allMatch(line -> line.getThrowableProxy() == null);

    loop.advance(FailureLog.INTERVAL);
    loop.advance(FailureLog.INTERVAL);
    assertThat(lines.list).as("nothing new").hasSize(2);
    log.add(1001, EXPIRED);
    assertThat(lines.list).hasSize(3);
  }
}
