import { createHmac } from "node:crypto";
import type { Load } from "./protocol.ts";

/**
 * Stripe's `payment_intent.succeeded` as it arrives, 2 kB, each of a payment and an order of its own, signed as Stripe
 * signs. Made before anything is measured: signing is the sender's work.
 */

export const STRIPE_SECRET = "whsec_bench_0123456789abcdefghijklmnopqrst";

/** What the n-th notification of a series is about; 24 characters after the prefix, as Stripe's own. */
export interface Names {
  readonly event: string;
  readonly intent: string;
  readonly order: string;
}

/** What is made in one second, more or less. */
const AT_ONCE = 2_048;
/** Odd, so that modulo a power of two no two get the same place. */
const SCATTER = 1_229;

/**
 * `series`: up to eight letters and digits, another one for each phase, so that no two notifications are the same. A gateway's ids
 * grow with the seconds, and those of one second come in no order; a shop numbers its orders one after the other.
 */
export function namesOf(series: string, index: number): Names {
  const first = index - (index % AT_ONCE);
  const own = numbered(series, first + (((index % AT_ONCE) * SCATTER) % AT_ONCE));
  return { event: `evt_${own}`, intent: `pi_${own}`, order: `bench-${numbered(series, index)}` };
}

function numbered(series: string, index: number): string {
  return `${series}${index.toString().padStart(24 - series.length, "0")}`;
}

/** Minor units; of USD. */
export function amountOf(index: number): number {
  return 1_000 + (index % 9_000);
}

/** What is made ready of a `Load`. */
type Prepared = Pick<Load, "series" | "count" | "path" | "metadataBytes">;

/** Whole HTTP/1.1 requests, one after the other, ready for a socket. */
export interface PreparedRequests {
  readonly count: number;
  /** The bytes of one request, head and body. */
  at(index: number): Uint8Array;
}

export function prepareRequests({ series, count, path, metadataBytes = 0 }: Prepared): PreparedRequests {
  const timestamp = Math.floor(Date.now() / 1000);
  const metadata = notesOf(metadataBytes);
  const requests = Array.from({ length: count }, (_, index) =>
    requestOf(bodyOf(namesOf(series, index), { amount: amountOf(index), timestamp, metadata }), path, timestamp),
  );
  return {
    count,
    at: (index) => {
      const request = requests[index];
      if (request === undefined) throw new RangeError(`${index} of ${count} requests`);
      return request;
    },
  };
}

/** Stripe allows fifty (https://docs.stripe.com/api/metadata), two of which are there already. */
const [MOST_NOTES, MOST_IN_A_NOTE] = [48, 500];

/** What a shop may write beside a payment. */
function notesOf(bytes: number): Readonly<Record<string, string>> {
  const count = Math.min(MOST_NOTES, Math.ceil(bytes / MOST_IN_A_NOTE));
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`note_${i}`, "n".repeat(MOST_IN_A_NOTE)]));
}

function requestOf(body: string, path: string, timestamp: number): Buffer {
  const code = createHmac("sha256", STRIPE_SECRET).update(`${timestamp}.${body}`).digest("hex");
  const head = [
    `POST ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    "user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "accept: */*; q=0.5, application/xml",
    "cache-control: no-cache",
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    `stripe-signature: t=${timestamp},v1=${code},v0=${"0".repeat(64)}`,
    "",
    "",
  ];
  return Buffer.from(head.join("\r\n") + body);
}

interface Told {
  readonly amount: number;
  readonly timestamp: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Pretty-printed with two spaces, as Stripe sends it. */
function bodyOf({ event, intent, order }: Names, { amount, timestamp: created, metadata }: Told): string {
  const own = event.slice("evt_".length);
  return JSON.stringify(
    {
      id: event,
      object: "event",
      api_version: "2025-03-31.basil",
      created,
      data: {
        object: {
          id: intent,
          object: "payment_intent",
          amount,
          amount_capturable: 0,
          amount_details: { tip: {} },
          amount_received: amount,
          application: null,
          application_fee_amount: null,
          automatic_payment_methods: { allow_redirects: "always", enabled: true },
          canceled_at: null,
          cancellation_reason: null,
          capture_method: "automatic_async",
          client_secret: `${intent}_secret_YrKJUKribcBjcG8HVhfZluoGH`,
          confirmation_method: "automatic",
          created,
          currency: "usd",
          customer: `cus_${own.slice(-14)}`,
          description: "Order of the benchmark's shop",
          last_payment_error: null,
          latest_charge: `ch_${own}`,
          livemode: false,
          metadata: { order_id: order, cart: "c-20260105-7781", ...metadata },
          next_action: null,
          on_behalf_of: null,
          payment_method: `pm_${own}`,
          payment_method_configuration_details: { id: "pmc_1SmZ1nKqA0FvXy2L", parent: null },
          payment_method_options: {
            card: {
              installments: null,
              mandate_options: null,
              network: null,
              request_three_d_secure: "automatic",
            },
          },
          payment_method_types: ["card"],
          processing: null,
          receipt_email: "ann@example.com",
          review: null,
          setup_future_usage: null,
          shipping: {
            address: {
              city: "Berlin",
              country: "DE",
              line1: "Alte Straße 1",
              line2: null,
              postal_code: "10115",
              state: null,
            },
            carrier: null,
            name: "Ann Example",
            phone: null,
            tracking_number: null,
          },
          source: null,
          statement_descriptor: null,
          statement_descriptor_suffix: null,
          status: "succeeded",
          transfer_data: null,
          transfer_group: null,
        },
      },
      livemode: false,
      pending_webhooks: 1,
      request: { id: `req_${own.slice(-14)}`, idempotency_key: "6a9fbc1c-1d36-4e7e-9a53-8a8f2f5f6f51" },
      type: "payment_intent.succeeded",
    },
    null,
    2,
  );
}
