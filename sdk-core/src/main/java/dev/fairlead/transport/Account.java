package dev.fairlead.transport;

/** Something that can be owed, as {@link Debts} sees it. Confined to the loop. */
abstract class Account {
  /** Index among the open accounts; negative while nothing is owed. */
  int place = -1;

  /** Since when something has been owed without a break. Only while something is. */
  abstract long since();

  /** How many bytes were sent that this is the answer to. */
  abstract long bytes();

  /** What is owed, as a noun phrase. */
  abstract String what();

  /** When the limit is reached as things are now. */
  abstract long deadline();

  /** Longest time between two looks, in nanoseconds: a deadline can move to an earlier time. */
  abstract long limit();

  /** Runs what follows from the limit. Called once for each time the deadline was reached. */
  abstract void overdue(long now);
}
