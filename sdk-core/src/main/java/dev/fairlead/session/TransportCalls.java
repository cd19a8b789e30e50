package dev.fairlead.session;

import dev.fairlead.spi.Loop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls code that is not core's, on the caller's thread. Whatever it throws, an error too, is an
 * outcome and not the end of the caller.
 */
public final class TransportCalls {
  private static final Logger log = LoggerFactory.getLogger(TransportCalls.class);

  private TransportCalls() {}

  /** Calls something that returns nothing; false if it threw, which is logged. */
  public static boolean run(String what, Runnable call) {
    try {
      call.run();
      return true;
    } catch (Throwable e) {
      log.error("{} threw. Please report this with the log; the client goes on", what, e);
      return false;
    }
  }

  /** Calls something that returns a stage; one that throws or returns null is a failed stage. */
  public static <T> CompletionStage<T> ask(
      String what, Supplier<? extends @Nullable CompletionStage<T>> call) {
    try {
      CompletionStage<T> stage = call.get();
      return stage == null
          ? CompletableFuture.failedFuture(
              new IllegalStateException(what + " returned null instead of a stage."))
          : stage;
    } catch (Throwable e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Brings the end of a foreign stage to the loop, always in a task of its own. A stage that does
   * not keep its contract may bring more than one.
   */
  public static <T> void onLoop(
      Loop loop, CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    try {
      stage.whenComplete((value, failure) -> loop.execute(() -> then.accept(value, failure)));
    } catch (Throwable e) {
      loop.execute(() -> then.accept(null, e));
    }
  }
}
