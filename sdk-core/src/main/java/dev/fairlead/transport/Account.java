package dev.fairlead.transport;

/** Something that can be owed, as {@link Debts} sees it. Confined to the loop. */
abstract class Account {
  /** Index among the open accounts; negative while nothing is owed. */
  int place = -1;

  /** Since when something has been owed without a break. Valid only while something is owed. */
  abstract long since();

  /** How many bytes were sent to which this is the answer. */
  abstract long bytes();

  /** What is owed, as a noun phrase. */
  abstract String what();

  /** When the limit is reached unless something changes. */
  abstract long deadline();

  /** Longest time between two looks, in nanoseconds: a deadline can move to an earlier time. */
  abstract long limit();

  /** Runs the consequence of the limit. Called once for each time the deadline was reached. */
  abstract void overdue(long now);
}
