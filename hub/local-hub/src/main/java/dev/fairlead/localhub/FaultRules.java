package dev.fairlead.localhub;

import dev.fairlead.localhub.Fault.Effect;
import dev.fairlead.localhub.Fault.Moment;
import org.jspecify.annotations.Nullable;

/** Which effects make sense at which moments. */
final class FaultRules {

  private FaultRules() {}

  /**
   * Refuses what can never strike.
   *
   * @throws IllegalArgumentException with what to use instead
   */
  static void check(Effect effect, Moment moment, @Nullable String deviceId) {
    if (effect instanceof Effect.Refuse && moment != Moment.ON_CONNECT) {
      throw new IllegalArgumentException(
          "Only a connect can be refused. Use refuse(code) without another moment.");
    }
    if (effect instanceof Effect.RefuseUpgrade && moment != Moment.ON_UPGRADE) {
      throw new IllegalArgumentException(
          "Only an upgrade can be refused with a status. Use refuseUpgrade(status) without another"
              + " moment.");
    }
    if (!fits(effect, moment)) {
      throw new IllegalArgumentException(
          "The fault "
              + effect
              + " cannot strike at "
              + moment
              + ". Use it without another moment.");
    }
    if (isBeforeDevice(moment)) {
      if (deviceId != null) {
        throw new IllegalArgumentException(
            "At " + moment + " the device is not identified yet. Use onConnect() for one device.");
      }
      boolean bare = moment == Moment.ON_ACCEPT || moment == Moment.ON_UPGRADE;
      if (bare && needsPacket(effect)) {
        throw new IllegalArgumentException(
            "At " + moment + " there is no packet to change. Use garbage() there.");
      }
    }
  }

  private static boolean needsPacket(Effect effect) {
    return effect instanceof Effect.Corrupt
        || effect instanceof Effect.HugeLength
        || effect instanceof Effect.Duplicate
        || effect instanceof Effect.PingsOnly;
  }

  private static boolean isBeforeDevice(Moment moment) {
    return switch (moment) {
      case ON_ACCEPT, ON_UPGRADE, ON_SASL, ON_OPEN, ON_TOKEN -> true;
      default -> false;
    };
  }

  private static boolean fits(Effect effect, Moment moment) {
    if (effect instanceof Effect.Reject) {
      return isOfRequest(moment) || moment == Moment.ON_ATTACH;
    }
    if (effect instanceof Effect.Answer) {
      return isOfRequest(moment);
    }
    if (effect instanceof Effect.ShiftDate) {
      return moment == Moment.ON_ANSWER;
    }
    if (effect instanceof Effect.Release) {
      return moment == Moment.BEFORE_STORE;
    }
    if (effect instanceof Effect.NoCredit) {
      return moment == Moment.ON_ATTACH;
    }
    if (effect instanceof Effect.Withhold) {
      return moment == Moment.BEFORE_STORE || moment == Moment.BEFORE_ACK;
    }
    if (effect instanceof Effect.AcknowledgeLate) {
      return moment == Moment.BEFORE_ACK || moment == Moment.ON_ANSWER;
    }
    if (effect instanceof Effect.AcknowledgeOutOfOrder) {
      return moment == Moment.BEFORE_ACK;
    }
    return !(effect instanceof Effect.Detach) || isOfTelemetry(moment);
  }

  private static boolean isOfRequest(Moment moment) {
    return switch (moment) {
      case ON_REQUEST, BEFORE_STORE, BEFORE_ACK, ON_ANSWER -> true;
      default -> false;
    };
  }

  private static boolean isOfTelemetry(Moment moment) {
    return moment == Moment.BEFORE_STORE
        || moment == Moment.BEFORE_ACK
        || moment == Moment.AFTER_ACK;
  }
}
