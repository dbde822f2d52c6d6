import * as z from "zod";
import type { AuthorizationFact, CaptureFact, Fact } from "../../../payments/fact.ts";
import { amountsIn } from "../amount.ts";
import { amount, reference, referenceTo, stated, text } from "../fields.ts";
import { common, isBefore, refs, type Telling } from "../telling.ts";
import { type Refund, refundFacts, refundSchema } from "./refund.ts";

/** https://docs.stripe.com/api/charges/object. `refunds` is embedded in versions before 2022-11-15. */
export const chargeSchema = z
  .looseObject({
    id: reference,
    status: z.string(),
    captured: z.boolean(),
    currency: z.string(),
    amount,
    amount_captured: amount.nullish(),
    amount_refunded: amount.nullish(),
    refunded: z.boolean().nullish(),
    payment_intent: referenceTo,
    invoice: referenceTo,
    refunds: z.object({ data: z.array(refundSchema) }).nullish(),
    customer: referenceTo.catch(null),
    receipt_email: text,
    billing_details: z.object({ email: text, name: text }).nullish().catch(null),
  })
  .transform((charge, issues) => {
    const amounts = amountsIn(charge.currency, issues);
    if (amounts === null) return z.NEVER;
    return {
      ...charge,
      currency: amounts.currency,
      amount: amounts.required("amount", charge.amount),
      amount_captured: amounts.optional("amount_captured", charge.amount_captured),
      amount_refunded: amounts.optional("amount_refunded", charge.amount_refunded),
    };
  });

export type Charge = z.output<typeof chargeSchema>;

/** `paid` is what versions before 2015 called `succeeded`. */
const SUCCEEDED: ReadonlySet<string> = new Set(["succeeded", "paid"]);

/**
 * A charge is where Stripe's money is counted: a capture, and, while it is held or when it was, an authorization of the same
 * id. With it come the refunds that older versions embed.
 */
export function chargeFacts(charge: Charge, telling: Telling): readonly Fact[] {
  const wasHeld = telling.type === "charge.captured" || telling.type === "charge.expired";
  const isHeld = SUCCEEDED.has(charge.status) && !charge.captured;
  const authorizations = wasHeld || isHeld ? [authorizationFact(charge, telling)] : [];
  return [
    ...authorizations,
    captureFact(charge, telling, authorizations.length > 0),
    ...embeddedRefunds(charge, telling),
  ];
}

function authorizationFact(charge: Charge, telling: Telling): AuthorizationFact {
  return {
    kind: "authorization",
    reference: charge.id,
    ...common(telling),
    status: authorizationStatus(charge, telling),
    currency: charge.currency,
    amount: charge.amount,
    joins: refs("intent", charge.payment_intent),
    links: [],
  };
}

/** Before 2025-03-31 an authorization that was let go looks like a refunded charge that was never captured. */
function authorizationStatus(charge: Charge, telling: Telling): NonNullable<AuthorizationFact["status"]> {
  if (telling.type === "charge.expired") return "expired";
  if (charge.captured) return "captured";
  return charge.refunded === true ? "voided" : "live";
}

function captureFact(charge: Charge, telling: Telling, wasAuthorized: boolean): CaptureFact {
  return {
    kind: "capture",
    reference: charge.id,
    ...common(telling, { object: charge, buyer: buyerOf(charge) }),
    ...capturedMoney(charge, telling),
    joins: [...refs("authorization", wasAuthorized ? charge.id : null), ...refs("intent", charge.payment_intent)],
    links: refs("invoice", charge.invoice),
  };
}

/** Nothing is said of the money of a charge that is only authorized: it has no captured part yet. */
function capturedMoney(
  charge: Charge,
  telling: Telling,
): Pick<Partial<CaptureFact>, "status" | "currency" | "amount" | "refundedTotal"> {
  const { currency } = charge;
  if (charge.status === "pending" || charge.status === "failed")
    return { status: charge.status, currency, amount: charge.amount };
  if (!SUCCEEDED.has(charge.status) || !charge.captured) return {};
  const captured = charge.amount_captured ?? charge.amount;
  return {
    status: "succeeded",
    currency,
    amount: captured,
    ...stated({ refundedTotal: refundedTotal(charge, captured, telling) }),
  };
}

/**
 * Before 2025-03-31 a partial capture counted what it released as refunded. That money was never taken, so it is left out.
 * https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
 */
function refundedTotal(charge: Charge, captured: bigint, telling: Telling): bigint | null {
  const refunded = charge.amount_refunded;
  if (refunded === null) return null;
  return refunded - releasedAsRefund(charge, captured, refunded, telling);
}

function releasedAsRefund(charge: Charge, captured: bigint, refunded: bigint, telling: Telling): bigint {
  const released = charge.amount - captured;
  // Several captures of one charge may still be under way: then nothing was released, and nothing counted.
  return isBefore(telling, "2025-03-31") && released > 0n && refunded >= released ? released : 0n;
}

/** The refunds inside a captured charge, without the one that stands for a partial capture's release: the first of that amount. */
function embeddedRefunds(charge: Charge, telling: Telling): readonly Fact[] {
  if (!charge.captured) return [];
  const captured = charge.amount_captured ?? charge.amount;
  const released = releasedAsRefund(charge, captured, charge.amount_refunded ?? 0n, telling);
  const oldestFirst = [...(charge.refunds?.data ?? [])].sort(byCreation);
  const release = released > 0n ? oldestFirst.find((refund) => refund.amount === released) : undefined;
  return oldestFirst
    .filter((refund) => refund !== release)
    .flatMap((refund) => refundFacts(ofCharge(refund, charge), telling));
}

function byCreation(one: Refund, other: Refund): number {
  return (one.created ?? 0) - (other.created ?? 0);
}

/** Older versions leave out of an embedded refund what its place tells. */
function ofCharge(refund: Refund, charge: Charge): Refund {
  return {
    ...refund,
    charge: refund.charge ?? charge.id,
    payment_intent: refund.payment_intent ?? charge.payment_intent,
  };
}

function buyerOf(charge: Charge) {
  return {
    id: charge.customer,
    email: charge.billing_details?.email ?? charge.receipt_email,
    name: charge.billing_details?.name ?? null,
  };
}

/** What others say of a charge without its money: that it exists, and to which intent it belongs. */
export function chargeMention(charge: string | null, intent: string | null, telling: Telling): readonly CaptureFact[] {
  if (charge === null) return [];
  return [{ kind: "capture", reference: charge, ...common(telling), joins: refs("intent", intent), links: [] }];
}
