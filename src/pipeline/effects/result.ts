import type { Json } from "../../payments/snapshot.ts";
import type { EffectRows } from "../../store/effect-rows.ts";
import type { NewEvent } from "../../store/store.ts";

/** What an effect adds to the transaction. */
export interface EffectResult {
  readonly rows: Partial<EffectRows>;
  readonly events: readonly NewEvent[];
  /** Order → members that its `order.paid` tells besides, where it is told in this transaction. */
  readonly paidOrders?: PaidOrders;
}

export type PaidOrders = ReadonlyMap<string, Readonly<Record<string, Json>>>;

export const NO_EFFECT: EffectResult = { rows: {}, events: [] };

/** What all of them add. */
export interface Effects {
  readonly rows: EffectRows;
  readonly events: readonly NewEvent[];
  readonly paidOrders: PaidOrders;
}
