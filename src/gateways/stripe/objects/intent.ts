import * as z from "zod";
import type { AttemptStatus, AuthorizationFact, Fact, IntentFact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, stated, text, word } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { chargeFacts, chargeMention, chargeSchema } from "./charge.ts";

/**
 * https://docs.stripe.com/api/payment_intents/object. Charges are embedded in `charges` before 2022-11-15; since then
 * `latest_charge` names the last one (or holds it, where expanded). `invoice` is gone since 2025-03-31.
 */
export const intentSchema = z
  .looseObject({
    id: reference,
    status: z.string(),
    currency: z.string(),
    amount,
    amount_received: amount.nullish(),
    capture_method: word,
    cancellation_reason: word,
    invoice: referenceTo,
    charges: z.object({ data: z.array(chargeSchema) }).nullish(),
    latest_charge: z.union([reference, chargeSchema]).nullish(),
    customer: referenceTo.catch(null),
    receipt_email: text,
  })
  .transform((intent, issues) => {
    const amounts = amountsIn(intent.currency, issues);
    if (amounts === null) return z.NEVER;
    return {
      ...intent,
      currency: amounts.currency,
      amount: amounts.required("amount", intent.amount),
      amount_received: amounts.optional("amount_received", intent.amount_received),
    };
  });

export type Intent = z.output<typeof intentSchema>;

const STATUSES: ReadonlyMap<string, AttemptStatus> = new Map([
  ["requires_payment_method", "pending"],
  ["requires_confirmation", "pending"],
  ["processing", "pending"],
  ["requires_action", "requires_action"],
  ["requires_source", "pending"],
  ["requires_source_action", "requires_action"],
  ["requires_capture", "authorized"],
  ["succeeded", "succeeded"],
  ["canceled", "canceled"],
]);

/** Reasons of Stripe's own: the authorization ran out (`automatic` before 2025-03-31). */
const EXPIRED: ReadonlySet<string> = new Set(["expired", "automatic"]);

/** The container of one purchase, with the charges that it carries or names. */
export function intentFacts(intent: Intent, telling: Telling): readonly Fact[] {
  return [intentFact(intent, telling), ...carriedCharges(intent, telling), ...releasedAuthorization(intent, telling)];
}

function intentFact(intent: Intent, telling: Telling): IntentFact {
  return {
    kind: "intent",
    reference: intent.id,
    ...common(telling, { object: intent, buyer: { id: intent.customer, email: intent.receipt_email, name: null } }),
    ...stated({
      status: attemptStatus(intent, telling),
      currency: intent.currency,
      amount: intent.amount,
      claimed: claimed(intent),
    }),
    joins: [],
    links: refs("invoice", intent.invoice),
  };
}

/** After a failure an intent goes back to `requires_payment_method`, like a new one; only the event's type tells them apart. */
function attemptStatus(intent: Intent, telling: Telling): AttemptStatus | undefined {
  if (telling.type === "payment_intent.payment_failed") return "failed";
  if (intent.status === "canceled" && EXPIRED.has(intent.cancellation_reason ?? "")) return "expired";
  return STATUSES.get(intent.status);
}

/** What was captured, as of now: all of it when succeeded, part of it while several captures are under way. */
function claimed(intent: Intent): bigint | null {
  if (intent.status === "succeeded") return intent.amount_received ?? intent.amount;
  return intent.status === "requires_capture" && intent.amount_received !== 0n ? intent.amount_received : null;
}

function carriedCharges(intent: Intent, telling: Telling): readonly Fact[] {
  const latest = intent.latest_charge;
  const carried = [...(intent.charges?.data ?? []), ...(typeof latest === "object" && latest !== null ? [latest] : [])];
  const ofIntent = carried.map((charge) => ({ ...charge, payment_intent: charge.payment_intent ?? intent.id }));
  return [
    ...ofIntent.flatMap((charge) => chargeFacts(charge, telling)),
    ...chargeMention(typeof latest === "string" ? latest : null, intent.id, telling),
  ];
}

/** Since 2025-03-31 a canceled intent sends no charge event, so the end of its authorization is told here. */
function releasedAuthorization(intent: Intent, telling: Telling): readonly AuthorizationFact[] {
  const { latest_charge: latest } = intent;
  if (intent.status !== "canceled" || intent.capture_method !== "manual" || typeof latest !== "string") return [];
  const status = EXPIRED.has(intent.cancellation_reason ?? "") ? "expired" : "voided";
  return [
    {
      kind: "authorization",
      reference: latest,
      ...common(telling),
      status,
      joins: refs("intent", intent.id),
      links: [],
    },
  ];
}

/** What another object says of an intent: how the attempt went, and what of it was paid. */
export interface IntentMention {
  readonly intent: string | null;
  readonly status?: AttemptStatus | undefined;
  readonly currency?: IntentFact["currency"] | undefined;
  readonly claimed?: bigint | null;
}

/** The claim of a container around the intent, put on the intent itself: the object that it is about. */
export function intentMention(
  mention: IntentMention,
  telling: Telling,
  more: Pick<IntentFact, "links"> & Partial<Pick<IntentFact, "orders">>,
): readonly IntentFact[] {
  const { intent, status, currency, claimed: claim } = mention;
  if (intent === null) return [];
  const attributes = stated({ status, currency: claim === null ? null : currency, claimed: claim });
  return [{ kind: "intent", reference: intent, ...common(telling), ...attributes, joins: [], ...more }];
}
