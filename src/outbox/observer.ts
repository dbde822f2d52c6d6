import type { ReceiverKind } from "../store/outbox.ts";

/** What the dispatcher tells of its work while it works; metrics and tests implement it. Every call is cheap and never throws. */
export interface OutboxObserver {
  /** One attempt has ended and is settled. */
  attempted(
    kind: ReceiverKind,
    result: "delivered" | "failed" | "refused" | "skipped",
    reason: string | null,
    seconds: number,
  ): void;
  /** Something that a person should hear of. */
  alarm(
    kind: "endpoint_disabled" | "store_unavailable",
    about: { readonly receiver: string | null; readonly detail: string },
  ): void;
}
