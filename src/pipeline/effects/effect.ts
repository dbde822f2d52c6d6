import type { Transaction } from "../../store/store.ts";
import type { ChangeParts } from "../change-set.ts";
import type { HeldLocks } from "../locks.ts";
import type { Rules } from "../rules.ts";
import type { EffectResult } from "./result.ts";

/** The payments and orders that changed in this transaction, before and after. */
export interface EffectCause
  extends Pick<ChangeParts, "facts" | "payments" | "orders" | "standings" | "decisions" | "now"> {
  readonly rules: Rules;
}

/**
 * One thing that follows from changed payments and orders: the difference between its target, a pure function of what is now
 * true, and what was done before. Locks, reads and computes; writes nothing itself.
 */
export type Effect = (transaction: Transaction, held: HeldLocks, cause: EffectCause) => Promise<EffectResult>;
