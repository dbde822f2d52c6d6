import * as z from "zod";
import type { Fact } from "../../payments/fact.ts";
import type { Mapping, Parsed } from "../gateway.ts";
import { reference, seconds } from "./fields.ts";
import { chargeFacts, chargeSchema } from "./objects/charge.ts";
import { disputeFacts, disputeSchema } from "./objects/dispute.ts";
import { intentFacts, intentSchema } from "./objects/intent.ts";
import { invoiceFacts, invoiceSchema } from "./objects/invoice.ts";
import { invoicePaymentFacts, invoicePaymentSchema } from "./objects/invoice-payment.ts";
import { payoutFacts, payoutSchema } from "./objects/payout.ts";
import { refundFacts, refundSchema } from "./objects/refund.ts";
import { fraudWarningFacts, fraudWarningSchema, reviewFacts, reviewSchema } from "./objects/review.ts";
import { sessionFacts, sessionSchema } from "./objects/session.ts";
import { subscriptionFacts, subscriptionSchema } from "./objects/subscription.ts";
import type { Telling } from "./telling.ts";

/** An event whose object was read: its facts, given what normalizing may know of the account. */
export interface StripePayload {
  readonly id: string;
  readonly type: string;
  readonly live: boolean;
  readonly facts: (mapping: Mapping) => readonly Fact[];
}

/** https://docs.stripe.com/api/events/object */
const eventSchema = z.object({
  object: z.literal("event"),
  id: reference,
  type: reference,
  created: seconds,
  livemode: z.boolean(),
  api_version: z.string().nullish(),
  account: reference.nullish(),
  data: z.object({ object: z.unknown() }),
});

const THIN_EVENT = "v2.core.event";

/** https://docs.stripe.com/event-destinations: it names an object without telling anything of it, so there is nothing to keep. */
const thinEventSchema = z.object({
  object: z.literal(THIN_EVENT),
  id: reference,
  type: reference,
  livemode: z.boolean().nullish(),
});

type Reader = (object: unknown) => Parsed<(telling: Telling) => readonly Fact[]>;

/** Closes over an object's own type, so that one table holds all of them. */
function reader<Payload>(
  schema: z.ZodType<Payload>,
  facts: (object: Payload, telling: Telling) => readonly Fact[],
): Reader {
  return (object) => {
    const read = schema.safeParse(object);
    if (!read.success) return { kind: "unreadable", detail: problem(read.error, "data.object") };
    return { kind: "parsed", payload: (telling) => facts(read.data, telling) };
  };
}

/** The object that each event's `data.object` is; by full type, so that an event we have never heard of is never misread. */
const READERS: ReadonlyMap<string, Reader> = new Map(
  [
    {
      read: reader(intentSchema, intentFacts),
      prefix: "payment_intent.",
      types:
        "created processing requires_action partially_funded amount_capturable_updated succeeded payment_failed canceled",
    },
    {
      read: reader(chargeSchema, chargeFacts),
      prefix: "charge.",
      types: "pending succeeded failed captured expired refunded updated",
    },
    { read: reader(refundSchema, refundFacts), prefix: "refund.", types: "created updated failed" },
    { read: reader(refundSchema, refundFacts), prefix: "charge.refund.", types: "updated" },
    {
      read: reader(disputeSchema, disputeFacts),
      prefix: "charge.dispute.",
      types: "created updated funds_withdrawn funds_reinstated closed",
    },
    {
      read: reader(sessionSchema, sessionFacts),
      prefix: "checkout.session.",
      types: "completed async_payment_succeeded async_payment_failed expired",
    },
    {
      read: reader(invoiceSchema, invoiceFacts),
      prefix: "invoice.",
      types:
        "created finalized updated paid payment_succeeded payment_failed payment_action_required overpaid overdue voided marked_uncollectible",
    },
    { read: reader(invoicePaymentSchema, invoicePaymentFacts), prefix: "invoice_payment.", types: "paid" },
    {
      read: reader(subscriptionSchema, subscriptionFacts),
      prefix: "customer.subscription.",
      types: "created updated deleted paused resumed trial_will_end",
    },
    { read: reader(reviewSchema, reviewFacts), prefix: "review.", types: "opened closed" },
    {
      read: reader(payoutSchema, payoutFacts),
      prefix: "payout.",
      types: "created updated paid failed canceled reconciliation_completed",
    },
    {
      read: reader(fraudWarningSchema, fraudWarningFacts),
      prefix: "radar.early_fraud_warning.",
      types: "created updated",
    },
  ].flatMap(({ read, prefix, types }) => types.split(" ").map((type) => [prefix + type, read] as const)),
);

/** The events that tell us something, for the dashboard's list. */
export const EVENT_TYPES: readonly string[] = [...READERS.keys()];

/** Reads a Stripe event: one we know down to its object, any other by its envelope. `receivedAt` bounds its clock. */
export function readEvent(json: unknown, receivedAt: Date): Parsed<StripePayload> {
  if (isThin(json)) return readThin(json);
  const read = eventSchema.safeParse(json);
  if (!read.success) return { kind: "unreadable", detail: problem(read.error, "") };
  return readObject(read.data, receivedAt);
}

function isThin(json: unknown): boolean {
  return typeof json === "object" && json !== null && "object" in json && json.object === THIN_EVENT;
}

function readThin(json: unknown): Parsed<StripePayload> {
  const read = thinEventSchema.safeParse(json);
  if (!read.success) return { kind: "unreadable", detail: problem(read.error, "") };
  const { id, type, livemode } = read.data;
  return { kind: "parsed", payload: { id, type, live: livemode ?? false, facts: () => [] } };
}

function readObject(event: z.output<typeof eventSchema>, receivedAt: Date): Parsed<StripePayload> {
  const { id, type, livemode: live } = event;
  const read = READERS.get(type);
  if (!read) return { kind: "parsed", payload: { id, type, live, facts: () => [] } };
  const object = read(event.data.object);
  if (object.kind === "unreadable") return object;
  const facts = ({ orderFields }: Mapping) =>
    object.payload({
      type,
      at: Math.min(event.created * 1000, receivedAt.getTime()),
      version: event.api_version ?? null,
      merchant: event.account ?? null,
      orderFields,
    });
  return { kind: "parsed", payload: { id, type, live, facts } };
}

/** The first problem's field and kind. zod's own messages may quote a value, so only its codes and our messages are told. */
function problem(error: z.ZodError, within: string): string {
  const issue = error.issues[0];
  if (issue === undefined) return "unknown problem";
  const field = [...(within === "" ? [] : [within]), ...issue.path.map(String)].join(".");
  return `${field || "the event"}: ${issue.code === "custom" ? issue.message : issue.code}`;
}
