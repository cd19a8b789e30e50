package dev.fairlead.https.poll;

import java.time.Duration;

/**
 * The times of a schedule.
 *
 * @param spacing from one note of a poll to the next; the interval and the window together, so that
 *     a poll that begins late in its window and one that begins immediately are an interval apart
 * @param window how long after its note a poll may begin
 * @param firstSpread the first wait of a session is longer by a random time up to this
 * @param spread each later wait is longer by a random time up to this
 */
public record PollIntervals(
    Duration spacing, Duration window, Duration firstSpread, Duration spread) {}
