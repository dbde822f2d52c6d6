import * as z from "zod";
import { parseMinor, readCurrency } from "../../payments/money.ts";

/** What Template Gateway sends, as far as we read it. Unknown fields are passed over, so that new ones break nothing. */

const Secret = z.string().trim().min(16);

export const Settings = z.strictObject({
  /** Several while one is being rotated; any of them proves. */
  secrets: z.array(Secret).min(1).max(4),
});
export type Settings = z.infer<typeof Settings>;

/** A reference goes into keys and the database: bounded, printable, without spaces. */
const Reference = z.string().regex(/^[!-~]{1,100}$/);

const Currency = z.string().transform((text, context) => {
  const currency = readCurrency(text);
  if (currency !== null) return currency;
  context.addIssue("not an ISO 4217 currency");
  return z.NEVER;
});

/** Minor units as a JSON integer. */
const Amount = z
  .int()
  .positive()
  .transform((value, context) => {
    const amount = parseMinor(value);
    if (amount !== null) return amount;
    context.addIssue("out of bounds");
    return z.NEVER;
  });

export const Event = z.object({
  id: Reference,
  type: z.string().min(1).max(100),
  live: z.boolean(),
  created: z.iso.datetime(),
  data: z.object({
    payment: Reference,
    currency: Currency,
    amount: Amount,
    /** Of refunds: `amount` is then what was given back. */
    refund: Reference.optional(),
    /** The merchant's own reference, as given when the payment was made. */
    order: Reference.optional(),
  }),
});
export type Event = z.infer<typeof Event>;

export interface Payload {
  readonly event: Event;
  /** ms since 1970 UTC. */
  readonly receivedAt: number;
}
