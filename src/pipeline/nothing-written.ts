import { NO_EFFECT_ROWS } from "../store/effect-rows.ts";
import type { Changes } from "../store/store.ts";

/** A change set to spread over: what is not named is not touched. */
export const NOTHING_WRITTEN: Changes = {
  facts: [],
  payments: [],
  flags: [],
  flagsGone: [],
  merged: [],
  objects: [],
  links: [],
  decisions: [],
  orders: [],
  orderPayments: [],
  orderPaymentsGone: [],
  events: [],
  effects: NO_EFFECT_ROWS,
  outcomes: [],
  released: [],
};
