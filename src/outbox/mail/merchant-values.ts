import type { PaymentState } from "../../payments/state.ts";
import type { Values } from "./message.ts";
import { oneLine, type Words } from "./words.ts";

/** A payment as the merchant's messages show it: by the names under which it is found, and its money. No buyer's data. */
export function paymentValues(id: string, state: PaymentState, words: Words): Values {
  const { currency, captured, authorized, scope, reference, orders } = state;
  const amount = captured > 0n ? captured : authorized;
  return {
    id,
    provider: scope.provider,
    account: scope.account,
    reference: oneLine(reference),
    order: orders[0] === undefined ? null : oneLine(orders[0]),
    amount: currency === null ? null : words.money(amount, currency),
  };
}

/** Each reason with a truth of its own name, so that templates can say it in their language: `{{#amount_mismatch}}…`. */
export function reasonValues(known: readonly string[], reasons: readonly string[]): readonly Values[] {
  return reasons.map((reason) => ({
    word: oneLine(reason),
    other: !known.includes(reason),
    ...Object.fromEntries(known.map((word) => [word, word === reason])),
  }));
}

export const HOLD_REASONS: readonly string[] = [
  "amount_mismatch",
  "currency_mismatch",
  "wrong_receiver",
  "wrong_merchant",
  "wrong_mode",
  "unknown_order",
  "ambiguous_order",
  "order_canceled",
  "order_expired",
];
