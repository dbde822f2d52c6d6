import * as z from "zod";
import type { Fact, ReviewFact } from "../../../payments/fact.ts";
import { reference, referenceTo } from "../fields.ts";
import { common, refs, type Telling } from "../telling.ts";
import { chargeMention } from "./charge.ts";

/** https://docs.stripe.com/api/radar/reviews/object; `open` is false once someone has decided. */
export const reviewSchema = z.looseObject({
  id: reference,
  open: z.boolean(),
  charge: referenceTo,
  payment_intent: referenceTo,
});

/** https://docs.stripe.com/api/radar/early_fraud_warnings/object */
export const fraudWarningSchema = z.looseObject({ id: reference, charge: referenceTo, payment_intent: referenceTo });

export type Review = z.output<typeof reviewSchema>;
export type FraudWarning = z.output<typeof fraudWarningSchema>;

export function reviewFacts(review: Review, telling: Telling): readonly Fact[] {
  return caseFacts(review, review.open ? "open" : "closed", telling);
}

export function fraudWarningFacts(warning: FraudWarning, telling: Telling): readonly Fact[] {
  return caseFacts(warning, "warning", telling);
}

function caseFacts(about: FraudWarning, status: NonNullable<ReviewFact["status"]>, telling: Telling): readonly Fact[] {
  const { charge, payment_intent: intent } = about;
  const review: ReviewFact = {
    kind: "review",
    reference: about.id,
    ...common(telling),
    status,
    joins: [],
    links: [...refs("capture", charge), ...refs("intent", intent)],
  };
  return [review, ...chargeMention(charge, intent, telling)];
}
