import { createHash } from "node:crypto";
import type { Gateway, RawNotification } from "../gateway.ts";
import { readJson } from "../json.ts";
import { createApi } from "./api.ts";
import { createCertificates } from "./certificates.ts";
import { confirmItem, needsConfirmation } from "./confirm.ts";
import { normalize } from "./normalize.ts";
import type { PaypalPayload } from "./payload.ts";
import { EVENT_TYPES, readAnswer, readEvent } from "./read-event.ts";
import { apiOrigin, certificateOrigins, type PaypalSettings, paypalSettings } from "./settings.ts";
import { PAYPAL_HEADERS, verifyNotification } from "./verify.ts";

/** PayPal's REST webhooks. What the signature proves and what it does not, clocks, joins and quirks: NOTES.md. */

/** A gateway with caches of its own for certificates and tokens. The registry has one; tests make theirs. */
export function createPaypal(): Gateway<PaypalSettings, PaypalPayload> {
  const certificates = createCertificates();
  const api = createApi();
  return {
    id: "paypal",
    provider: "paypal",
    providerName: "PayPal",
    title: "PayPal webhooks",
    method: "POST",
    mediaTypes: ["application/json"],
    headers: PAYPAL_HEADERS,
    settings: paypalSettings,
    orderFields: ["custom_id", "invoice_id"],
    subscribe: EVENT_TYPES,
    origins: (settings, live) => [...new Set([...certificateOrigins(settings, live), apiOrigin(settings, live)])],
    verify: (raw, context) => verifyNotification(raw, context, certificates),
    proof: { by: "signature" },
    confirming: {
      kind: "by_api",
      available: ({ clientId, clientSecret }) => clientId !== null && clientSecret !== null,
      needed: needsConfirmation,
      confirm: (item, context) => confirmItem(item, context, api),
      readAnswer(answer, mapping) {
        const read = readAnswer(answer);
        if (read.kind === "unreadable") return read;
        const [item] = normalize(read.payload, mapping);
        return item ? { kind: "parsed", payload: item } : { kind: "unreadable", detail: "the answer says nothing" };
      },
    },
    identify,
    parse: readEvent,
    normalize,
    acknowledge: () => ({ status: 200, contentType: null, body: "" }),
  };
}

export const paypal: Gateway<PaypalSettings, PaypalPayload> = createPaypal();

/** PayPal writes the id first, and text inside the body has its quotes escaped. */
const LEADING_ID = /^\s{0,64}\{\s{0,64}"id"\s{0,8}:\s{0,8}"([A-Za-z0-9_-]{1,100})"/;

/** The event's id: from the first bytes where PayPal writes it, else by parsing; the body's hash where there is none. */
function identify({ body }: RawNotification): string {
  const leading = LEADING_ID.exec(Buffer.from(body.subarray(0, 512)).toString("latin1"))?.[1];
  return leading ?? parsedId(body) ?? `sha256:${createHash("sha256").update(body).digest("hex")}`;
}

function parsedId(body: Uint8Array): string | null {
  const json = readJson(body);
  if (json.kind !== "parsed" || typeof json.payload !== "object" || json.payload === null) return null;
  const id: unknown = Reflect.get(json.payload, "id");
  return typeof id === "string" && /^[A-Za-z0-9_-]{1,100}$/.test(id) ? id : null;
}
