import { createHash } from "node:crypto";
import * as z from "zod";
import type { Gateway, RawNotification } from "../gateway.ts";
import { readJson } from "../json.ts";
import { EVENT_TYPES, readEvent, type StripePayload } from "./payload.ts";
import { verifySignature } from "./signature.ts";

/** Stripe webhooks. How Stripe signs, counts, names its versions and surprises its users: NOTES.md. */

const API_URL = "https://api.stripe.com";

/** Stripe's are `whsec_` and 32 characters. The whole text is the key, so nothing is decoded or trimmed. */
const webhookSecret = z
  .string()
  .min(16, "a webhook secret has at least 16 characters")
  .regex(/^\S*$/, "a webhook secret has no spaces");

const settingsSchema = z.strictObject({
  /** Each may have signed: several while one is rolled, and one per endpoint that posts here. */
  webhookSecrets: z.array(webhookSecret).min(1, "at least one webhook secret is needed").max(8),
  secretKey: z.string().regex(/^\S+$/, "a secret key has no spaces").nullable().default(null),
  apiUrl: z.url({ protocol: /^https?$/ }).default(API_URL),
});

export type StripeSettings = z.output<typeof settingsSchema>;

export const stripe: Gateway<StripeSettings, StripePayload> = {
  id: "stripe",
  provider: "stripe",
  providerName: "Stripe",
  title: "Stripe webhooks",
  method: "POST",
  mediaTypes: ["application/json"],
  headers: ["stripe-signature"],
  settings: settingsSchema,
  orderFields: ["metadata.order_id", "client_reference_id"],
  subscribe: EVENT_TYPES,
  origins: ({ apiUrl }, live) => [live ? API_URL : new URL(apiUrl).origin],
  verify: async (raw, { settings }) => verifySignature(raw, settings.webhookSecrets),
  proof: { by: "signature" },
  confirming: { kind: "not_needed" },
  identify,
  parse(notification) {
    const json = readJson(notification.body);
    return json.kind === "parsed" ? readEvent(json.payload, notification.receivedAt) : json;
  },
  normalize: ({ id, type, live, facts }, mapping) => [{ key: id, type, live, facts: facts(mapping) }],
  acknowledge: () => ({ status: 200, contentType: "application/json", body: '{"received":true}' }),
};

/** Stripe writes the id first; only the event's own can stand there, because text inside the body has its quotes escaped. */
const LEADING_ID = /^\s{0,64}\{\s{0,64}"id"\s{0,8}:\s{0,8}"(evt_[A-Za-z0-9_]{1,190})"/;
const EVENT_ID = /^evt_[A-Za-z0-9_]{1,190}$/;

/** The event's id: from the first bytes where Stripe writes it, else by parsing; the body's hash where there is none. */
function identify({ body }: RawNotification): string {
  const leading = LEADING_ID.exec(Buffer.from(body.subarray(0, 512)).toString("latin1"))?.[1];
  return leading ?? parsedId(body) ?? `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

function parsedId(body: Uint8Array): string | null {
  const json = readJson(body);
  if (json.kind !== "parsed" || typeof json.payload !== "object" || json.payload === null) return null;
  const id: unknown = Reflect.get(json.payload, "id");
  return typeof id === "string" && EVENT_ID.test(id) ? id : null;
}
