import type { Attempt, ClaimedDelivery, Settlement } from "../store/outbox.ts";
import type { Sign } from "./breaker.ts";
import type { Delivered } from "./courier.ts";
import { nextAttemptInMs } from "./retry.ts";

/** An attempt that has ended, and was not settled yet. */
export interface Ended {
  readonly delivery: ClaimedDelivery;
  /** `undone`: it was not made, or not to its end: the process stops, or what goes before it failed. `defect`: for a reason of our own. */
  readonly answer: Delivered | { readonly kind: "undone" } | { readonly kind: "defect" };
  readonly at: Date;
  readonly durationMs: number;
}

/** How many of the last attempts are kept. */
const MAX_LOG = 20;
const MAX_ANSWER = 256;
/** What failed for a reason of our own is no fault of the receiver's: again soon, however often. */
const DEFECT_PAUSE_MS = 30_000;

/** `random` is from 0 up to 1. */
export function settlementOf(ended: Ended, random: number): Settlement {
  const { delivery, answer } = ended;
  const { id, receiver, attempts, log } = delivery;
  const logged = { id, receiver, log: [...log, attemptOf(ended)].slice(-MAX_LOG), isUndone: false };
  switch (answer.kind) {
    case "delivered":
      return { ...logged, state: "delivered", reason: null, dueInMs: null };
    case "skipped":
      return { ...logged, state: "skipped", reason: answer.reason, dueInMs: null };
    case "refused":
      return { ...logged, state: "failed", reason: answer.reason, dueInMs: null };
    case "failed": {
      const dueInMs = nextAttemptInMs(attempts, answer.retryAfterMs, random);
      return { ...logged, state: dueInMs === null ? "failed" : "waiting", reason: answer.reason, dueInMs };
    }
    case "undone":
      return { id, receiver, log, isUndone: true, state: "waiting", reason: null, dueInMs: 0 };
    case "defect":
      return { ...logged, state: "waiting", reason: "internal", dueInMs: DEFECT_PAUSE_MS };
  }
}

function attemptOf({ answer, at, durationMs }: Ended): Attempt {
  const isMade = answer.kind !== "undone" && answer.kind !== "defect";
  return {
    at: at.toISOString(),
    result: isMade ? answer.kind : "failed",
    reason: reasonOf(answer),
    answer: "answer" in answer ? answer.answer.slice(0, MAX_ANSWER) : null,
    durationMs,
  };
}

export function reasonOf(answer: Ended["answer"]): string | null {
  if (answer.kind === "defect") return "internal";
  return "reason" in answer ? answer.reason : null;
}

/** What the attempt tells of its receiver. `probeFrom` as in its claim. */
export function signOf({ answer, delivery }: Ended, probeFrom: number): Sign {
  const isProbe = delivery.to.failures >= probeFrom;
  switch (answer.kind) {
    case "delivered":
      return { kind: "up", isProbe };
    case "failed":
      return answer.isOwn ? { kind: "untold", isProbe } : { kind: "down", retryAfterMs: answer.retryAfterMs, isProbe };
    case "refused":
      return { kind: answer.gone ? "gone" : "untold", isProbe };
    case "skipped":
    case "undone":
    case "defect":
      return { kind: "untold", isProbe };
  }
}
