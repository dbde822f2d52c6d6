/**
 * Template Gateway: webhooks signed with HMAC-SHA256 over `<timestamp>.<body>`. What is special about it is in NOTES.md.
 * Docs: https://docs.example/webhooks
 */
import { createHash } from "node:crypto";
import type { CaptureFact, Fact } from "../../payments/fact.ts";
import type { AuthenticNotification, Gateway, Item, Mapping, Parsed, RawNotification, Verdict } from "../gateway.ts";
import { readJson } from "../json.ts";
import { isHmac } from "../signing/hmac.ts";
import { Event, type Payload, Settings } from "./payload.ts";

const TOLERANCE_SECONDS = 300;
const TIMESTAMP_HEADER = "template-gateway-timestamp";
const SIGNATURE_HEADER = "template-gateway-signature";

export const templateGateway: Gateway<Settings, Payload> = {
  id: "template-gateway",
  provider: "template-gateway",
  providerName: "Template Gateway",
  title: "Template Gateway webhooks",
  method: "POST",
  mediaTypes: ["application/json"],
  headers: [TIMESTAMP_HEADER, SIGNATURE_HEADER],
  settings: Settings,
  orderFields: ["order"],
  subscribe: ["payment.succeeded", "payment.failed", "refund.succeeded"],
  origins: () => [],
  verify: async (raw, { settings }) => verify(raw, settings.secrets),
  proof: { by: "signature" },
  confirming: { kind: "not_needed" },
  identify,
  parse,
  normalize,
  acknowledge: () => ({ status: 200, contentType: null, body: "" }),
};

function verify(raw: RawNotification, secrets: readonly string[]): Verdict {
  const timestamp = raw.headers.get(TIMESTAMP_HEADER);
  const signature = raw.headers.get(SIGNATURE_HEADER);
  if (timestamp === undefined || signature === undefined) return { kind: "forged", reason: "unsigned" };
  if (!/^\d{1,12}$/.test(timestamp) || !/^[0-9a-f]{64}$/.test(signature))
    return { kind: "forged", reason: "malformed" };
  const age = Math.floor(raw.receivedAt.getTime() / 1000) - Number(timestamp);
  if (age > TOLERANCE_SECONDS) return { kind: "forged", reason: "too_old" };
  if (age < -TOLERANCE_SECONDS) return { kind: "forged", reason: "in_the_future" };
  const parts = [timestamp, ".", raw.body];
  const given = Buffer.from(signature, "hex");
  const proven = secrets.some((secret) => isHmac(given, { hash: "sha256", secret, parts }));
  return proven ? { kind: "authentic", nonce: null } : { kind: "forged", reason: "mismatch" };
}

/** The event's id where it can be read: the same event told twice, with another signature, is a duplicate. */
function identify(raw: RawNotification): string {
  const body = readJson(raw.body);
  const event = body.kind === "parsed" ? Event.pick({ id: true }).safeParse(body.payload) : null;
  return event?.success ? event.data.id : `sha256:${createHash("sha256").update(raw.body).digest("hex")}`;
}

function parse(notification: AuthenticNotification): Parsed<Payload> {
  const body = readJson(notification.body);
  if (body.kind === "unreadable") return body;
  const event = Event.safeParse(body.payload);
  if (event.success)
    return { kind: "parsed", payload: { event: event.data, receivedAt: notification.receivedAt.getTime() } };
  return { kind: "unreadable", detail: event.error.issues[0]?.path.join(".") || "the body is no event" };
}

function normalize({ event, receivedAt }: Payload, mapping: Mapping): readonly Item[] {
  return [{ key: event.id, type: event.type, live: event.live, facts: factsOf(event, receivedAt, mapping) }];
}

function factsOf(event: Event, receivedAt: number, { orderFields }: Mapping): readonly Fact[] {
  const { payment, amount, currency, refund, order } = event.data;
  // A provider's clock may run ahead of ours, and nothing was stated after it was received.
  const base = { at: Math.min(Date.parse(event.created), receivedAt), links: [], currency, amount };
  const rank = orderFields.indexOf("order");
  const orders = order === undefined || rank < 0 ? [] : [{ rank, value: order }];
  const capture = { ...base, kind: "capture", reference: payment, joins: [], orders } satisfies CaptureFact;
  switch (event.type) {
    case "payment.succeeded":
      return [{ ...capture, status: "succeeded" }];
    case "payment.failed":
      return [{ ...capture, status: "failed" }];
    case "refund.succeeded": {
      if (refund === undefined) return [];
      const joins = [{ kind: "capture", reference: payment }] as const;
      return [{ ...base, kind: "refund", reference: refund, status: "succeeded", joins }];
    }
    default:
      // The type is the vendor's word, an open list: what we don't know is acknowledged and ignored.
      return [];
  }
}
