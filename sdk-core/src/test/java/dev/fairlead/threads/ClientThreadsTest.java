package dev.fairlead.threads;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fairlead.ManualTime;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientThreadsTest {
  private final ManualTime time = new ManualTime();
  private final ClientLoop loop = new ClientLoop("gw", true, Optional.of(time));
  private final ClientThreads gateway = ClientThreads.shared("gw", true, Optional.empty(), loop);
  private final CountDownLatch hold = new CountDownLatch(1);

  @AfterEach
  void end() {
    hold.countDown();
    loop.shutdown();
    gateway.shutdown();
  }

  private void hang(CountDownLatch begun) {
    begun.countDown();
    try {
      hold.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void futuresCompleteThoughEveryHandlerThreadHangs() throws Exception {
    CountDownLatch begun = new CountDownLatch(ClientThreads.SHARED_THREADS);
    for (int i = 0; i < 50; i++) {
      gateway.of("dev-" + i).handlerExecutor("methods").execute(() -> hang(begun));
    }
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch completed = new CountDownLatch(1);

    gateway.of("dev-1").completions().execute(completed::countDown);

    assertThat(completed.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void oneDeviceWhoseHandlersAllHangLeavesThreadsToTheOthers() throws Exception {
    CountDownLatch begun = new CountDownLatch(4);
    ClientThreads stuck = gateway.of("stuck");
    for (String feed : new String[] {"C2D messages", "methods", "desired", "state"}) {
      SerialExecutor serial = stuck.handlerExecutor(feed);
      for (int i = 0; i < 10; i++) {
        serial.execute(() -> hang(begun));
      }
    }
    assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
    CountDownLatch served = new CountDownLatch(100);

    for (int i = 0; i < 100; i++) {
      gateway.of("dev-" + i).handlerExecutor("methods").execute(served::countDown);
    }

    assertThat(served.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void manyLanesHaveNoMoreThreadsThanTheBound() throws Exception {
    Set<Thread> seen = ConcurrentHashMap.newKeySet();
    CountDownLatch done = new CountDownLatch(200);
    for (int i = 0; i < 200; i++) {
      gateway
          .of("dev-" + i)
          .handlerExecutor("methods")
          .execute(
              () -> {
                seen.add(Thread.currentThread());
                done.countDown();
              });
    }

    assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(seen).hasSizeLessThanOrEqualTo(ClientThreads.SHARED_THREADS);
    assertThat(seen).allMatch(thread -> thread.getName().startsWith("gw-callback-"));
  }

  @Test
  void aFutureOfOneDeviceRefusesToBeWaitedForWhereThoseOfAnotherComplete() throws Exception {
    CountDownLatch refused = new CountDownLatch(1);
    gateway
        .of("one")
        .completions()
        .execute(
            () -> {
              try {
                gateway.of("other").newFuture().join();
              } catch (IllegalStateException e) {
                refused.countDown();
              }
            });

    assertThat(refused.await(30, TimeUnit.SECONDS)).isTrue();
  }
}
