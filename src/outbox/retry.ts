const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Standard Webhooks' example: ten attempts within a little more than three days. */
const PAUSES = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/** However long a receiver asks for, a day is what it gets. */
const MAX_RETRY_AFTER = 24 * HOUR;

/** What is tried again at the same moment fails at the same moment: each pause is up to a fifth longer. */
const JITTER = 0.2;

/**
 * How long after the attempt of that number (from 1) the next one is made, in milliseconds; null after the last.
 * `random` is from 0 up to 1.
 */
export function nextAttemptInMs(attempts: number, retryAfterMs: number | null, random: number): number | null {
  const pause = PAUSES[attempts - 1];
  if (pause === undefined) return null;
  return Math.round(Math.max(pause, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER)) * (1 + JITTER * random));
}
