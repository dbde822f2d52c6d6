import type { EventView } from "../store/store.ts";

/** One event on its way to one receiver. */
export interface DueDelivery {
  /** `dlv_…`, constant over attempts. */
  readonly id: string;
  readonly receiver: string;
  /** This attempt included. */
  readonly attempts: number;
  readonly event: EventView;
}

/**
 * What became of one attempt. `reason` is a snake_case word of a closed list of the courier's; `answer` what an operator
 * may see of it (at most 256 characters, no secret, no full e-mail).
 */
export type Delivered =
  | { readonly kind: "delivered"; readonly answer: string }
  /** Try again, not before `retryAfterMs` if the receiver said so. */
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly answer: string;
      readonly retryAfterMs: number | null;
      /** It was about this delivery alone, and says nothing of the receiver: one mailbox behind the mail server is full. */
      readonly isOwn?: true;
    }
  /** Never again: the receiver refused it for good. `gone`: it refuses everything from now on (410). */
  | { readonly kind: "refused"; readonly reason: string; readonly answer: string; readonly gone: boolean }
  /** There is nothing to tell (any more): no address, no longer true. */
  | { readonly kind: "skipped"; readonly reason: string };

/**
 * Takes events to one kind of receiver. Never rejects for what a receiver does; a rejection is a defect or the store being
 * away, and tried again. Ends within its own timeouts, at once when `signal` aborts.
 */
export interface Courier<Delivery extends DueDelivery = DueDelivery> {
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered>;
}
