import { createHash } from "node:crypto";
import * as z from "zod";
import type { Gateway, RawNotification, Verdict } from "../gateway.ts";
import { splitForm } from "../signing/form.ts";
import { normalize } from "./normalize.ts";
import { FORM_LIMITS, type Payload, readPayload } from "./payload.ts";
import { askVerifier, postbackUrl, type Settings } from "./postback.ts";

/**
 * Classic PayPal IPN: unsigned forms, proven by sending them back. The same account and the same transactions as the
 * `paypal` gateway. https://developer.paypal.com/api/nvp-soap/ipn/; everything else that is to be known is in NOTES.md.
 */
export const paypalIpn: Gateway<Settings, Payload> = {
  id: "paypal-ipn",
  provider: "paypal",
  providerName: "PayPal",
  title: "PayPal IPN (classic)",
  method: "POST",
  mediaTypes: ["application/x-www-form-urlencoded"],
  headers: [],
  settings: z.strictObject({
    postbackUrl: z
      .url({ protocol: /^https?$/ })
      // A name and password in an address are refused on the way out, so that every message would wait for ever.
      .refine((url) => !URL.canParse(url) || new URL(url).username === "", "must not carry a name and password")
      .nullable()
      .default(null),
  }),
  orderFields: ["invoice", "custom"],
  // IPN knows no subscriptions to single events: an account sends all messages or none.
  subscribe: [],
  origins: (settings, live) => [new URL(postbackUrl(settings, live)).origin],
  verify: async (raw) => checkShape(raw),
  proof: { by: "postback", ask: askVerifier },
  confirming: { kind: "not_needed" },
  identify: (raw) => `sha256:${createHash("sha256").update(raw.body).digest("hex")}`,
  parse: readPayload,
  normalize,
  // "Empty HTTP 200": anything else is resent, up to 16 times.
  acknowledge: () => ({ status: 200, contentType: null, body: "" }),
};

/** One of these is in every message there is; `transaction_type` is Adaptive Payments', which share the account's URL. */
const MARKS: ReadonlySet<string> = new Set(["txn_id", "txn_type", "payment_status", "case_id", "transaction_type"]);

/**
 * Anyone can make up a form, so nothing is proven here; what cannot be an IPN is not worth a row and a postback.
 * A `cmd` of its own would let the sender choose what our postback asks PayPal.
 */
function checkShape(raw: RawNotification): Verdict {
  const pairs = splitForm(raw.body, FORM_LIMITS);
  const names = new Set(pairs?.map((pair) => Buffer.from(pair.name).toString("latin1")));
  const plausible = !names.has("cmd") && [...MARKS].some((mark) => names.has(mark));
  return plausible ? { kind: "unproven_yet", reason: "needs_confirmation" } : { kind: "forged", reason: "malformed" };
}
