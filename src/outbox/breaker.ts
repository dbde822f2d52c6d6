import type { Judgement, Receiver, ReceiverHealth } from "../store/outbox.ts";
import type { NewEvent } from "../store/store.ts";

/** What a receiver's answers make of it: paused when it keeps failing, tried with one delivery at a time, given up at last. */

export interface BreakerPolicy {
  /** From so many failures in a row on it is paused between attempts. */
  readonly tripAfter: number;
  /** The first pause; each is twice as long as the one before. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** An endpoint that has done nothing but fail for so long is broken. */
  readonly giveUpAfterMs: number;
}

export const BREAKER: BreakerPolicy = {
  tripAfter: 5,
  firstPauseMs: 10_000,
  longestPauseMs: 15 * 60_000,
  giveUpAfterMs: 3 * 24 * 3_600_000,
};

/** However long a receiver asks for, so long all that is meant for it waits. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** One attempt as it tells of the receiver. */
export type Sign = {
  /** It was sent to see whether the receiver is back: the pause that stands meanwhile is the attempt's own. */
  readonly isProbe: boolean;
} & (
  | { readonly kind: "up" }
  | { readonly kind: "down"; readonly retryAfterMs: number | null }
  /** It wants nothing any more. */
  | { readonly kind: "gone" }
  /** Nothing was sent, or what failed is our own. */
  | { readonly kind: "untold" }
);

export interface Judging {
  readonly policy: BreakerPolicy;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly newEventId: () => string;
}

/** `signs` in the order in which the attempts ended; `now` is the database's clock. */
export function judge(receiver: Receiver, signs: readonly Sign[], now: Date, judging: Judging): Judgement {
  const health = healthAfter(receiver, signs, now, judging);
  const ended = receiver.state === "enabled" && health.state !== "enabled";
  return { health, event: ended ? disabledEvent(receiver, health, judging.newEventId()) : null };
}

function healthAfter(receiver: Receiver, signs: readonly Sign[], now: Date, judging: Judging): ReceiverHealth {
  const counted = count(receiver, signs, now, judging.policy);
  if (receiver.state !== "enabled") return { ...counted, state: receiver.state, pausedUntil: null };
  const { giveUpAfterMs } = judging.policy;
  const failingForMs = counted.failingSince === null ? 0 : now.getTime() - counted.failingSince.getTime();
  const isGone = signs.some(({ kind }) => kind === "gone");
  // Mail has no other address to go to: it waits until the server is back.
  const isBroken = receiver.kind === "endpoint" && counted.failures > 0 && failingForMs >= giveUpAfterMs;
  const state = isGone ? "gone" : isBroken ? "broken" : "enabled";
  return {
    ...counted,
    state,
    pausedUntil: state === "enabled" ? pauseOf(receiver, counted.failures, signs, now, judging) : null,
  };
}

/** What was sent before a pause tells nothing new while it lasts; what a probe found ends its pause. */
function isPauseKept({ pausedUntil }: Receiver, signs: readonly Sign[], now: Date): boolean {
  return pausedUntil !== null && pausedUntil > now && !signs.some(({ isProbe }) => isProbe);
}

/** A pause that stands is not begun anew by what was under way before it, but for as long as the receiver asks. */
function pauseOf(
  receiver: Receiver,
  failures: number,
  signs: readonly Sign[],
  now: Date,
  judging: Judging,
): Date | null {
  const isKept = isPauseKept(receiver, signs, now);
  if (signs.every(({ kind }) => kind === "untold")) return isKept ? receiver.pausedUntil : null;
  const next = pause(failures, signs, now, judging);
  if (next === null || !isKept) return next;
  const asks = signs.some((sign) => sign.kind === "down" && sign.retryAfterMs !== null);
  return asks && receiver.pausedUntil !== null && next > receiver.pausedUntil ? next : receiver.pausedUntil;
}

/**
 * What failed at the same time failed once: a blip with many deliveries under way opens the breaker, and no further than that;
 * and what was under way when the pause began tells nothing new.
 */
function count(
  receiver: Receiver,
  signs: readonly Sign[],
  now: Date,
  { tripAfter }: BreakerPolicy,
): Pick<ReceiverHealth, "failures" | "failingSince"> {
  let { failures, failingSince } = receiver;
  let most = isPauseKept(receiver, signs, now) ? failures : Math.max(failures + 1, tripAfter);
  for (const { kind } of signs) {
    if (kind === "untold") continue;
    if (kind === "up") {
      failures = 0;
      failingSince = null;
      most = tripAfter;
    } else {
      failures = Math.min(failures + 1, most);
      failingSince ??= now;
    }
  }
  return { failures, failingSince };
}

function pause(failures: number, signs: readonly Sign[], now: Date, { policy, random }: Judging): Date | null {
  const asked = signs.map((sign) => (sign.kind === "down" ? (sign.retryAfterMs ?? 0) : 0));
  const doublings = failures - policy.tripAfter;
  const own = doublings < 0 ? 0 : Math.min(policy.firstPauseMs * 2 ** Math.min(doublings, 30), policy.longestPauseMs);
  const ms = Math.max(own * (0.8 + 0.4 * random()), Math.min(Math.max(0, ...asked), MAX_RETRY_AFTER_MS));
  return failures === 0 || ms === 0 ? null : new Date(now.getTime() + Math.round(ms));
}

function disabledEvent(receiver: Receiver, health: ReceiverHealth, id: string): NewEvent {
  const endpoint = {
    id: receiver.id,
    // Without path and query: merchants put tokens there.
    url: receiver.url === null ? null : new URL(receiver.url).origin,
    description: receiver.description,
    reason: health.state,
    failures: health.failures,
    failingSince: health.failingSince?.toISOString() ?? null,
  };
  return {
    id,
    type: "endpoint.disabled",
    key: `endpoint.disabled:${id}`,
    payment: null,
    order: null,
    sequence: 1,
    live: null,
    snapshot: JSON.stringify({ endpoint }),
  };
}
