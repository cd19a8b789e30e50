package dev.fairlead.policy;

import org.jspecify.annotations.Nullable;

/**
 * The policy and the transports at hand leave no route to the hub. The message names a smallest set
 * of facts in conflict and what to change; {@link #plan()} holds every reason.
 */
public final class NoRouteException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final transient @Nullable TransportPlan plan;

  /**
   * Creates the failure.
   *
   * @param plan the empty plan
   */
  public NoRouteException(TransportPlan plan) {
    super(plan.explain());
    this.plan = plan;
  }

  /**
   * The plan with every skipped route and its reasons.
   *
   * @return the plan
   * @throws IllegalStateException if this exception was serialized; the message still has every
   *     reason in conflict
   */
  public TransportPlan plan() {
    if (plan == null) {
      throw new IllegalStateException("The plan is not serialized with the exception.");
    }
    return plan;
  }
}
