import fc from "fast-check";
import type { ObjectRef, PaymentKind, StoredFact } from "../../src/payments/fact.ts";
import type { Currency } from "../../src/payments/money.ts";
import { at, EUR, stored, type Told, USD } from "./histories/message.ts";

/** Facts as wild as well-typed facts of one scope can be, over few objects and few times, so that they meet and tie. */

const LIVE = { provider: "paypal", account: "default", live: true };
const STRIPE = { ...LIVE, provider: "stripe" };

const time = fc.integer({ min: 0, max: 8 }).map(at);
const amount = fc.constantFrom(0n, 100n, 250n, 250n, 400n, 1000n);
const reference = (prefix: string, count: number) =>
  fc.integer({ min: 1, max: count }).map((number) => `${prefix}${number}`);

/** Every refund and reversal belongs to one capture for good, as at the providers. */
const captureOf = (own: string): ObjectRef<PaymentKind> => ({
  kind: "capture",
  reference: `cap${(Number(own.at(-1)) % 2) + 1}`,
});

/** fast-check's `freq` is how seldom the answer is nil: one in `freq`. */
const rarely = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { freq: 2, nil: undefined });
const mostly = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { freq: 4, nil: undefined });

/** Leaves out what is undefined, as `exactOptionalPropertyTypes` asks. */
function told<Attributes extends object>(attributes: Attributes): Told {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  // Proven by the records below, which are facts but for what may be undefined.
  return Object.fromEntries(entries) as unknown as Told;
}

function facts(currencies: readonly Currency[] = [USD, EUR]) {
  const currency = fc.constantFrom(...currencies);
  const orders = rarely(
    fc.array(fc.record({ rank: fc.nat(2), value: fc.constantFrom("1001", "1002") }, { noNullPrototype: true }), {
      maxLength: 2,
    }),
  );
  const money = { at: time, currency: mostly(currency), amount: mostly(amount), orders };
  const group = {
    at: time,
    links: fc.array(
      reference("cap", 3).map((id) => ({ kind: "capture", reference: id })),
      { maxLength: 2 },
    ),
  };
  const joined = (kind: string, prefix: string, count: number) =>
    fc.array(
      reference(prefix, count).map((id) => ({ kind, reference: id })),
      { maxLength: 1 },
    );
  const attempt = fc.constantFrom(
    "pending",
    "requires_action",
    "authorized",
    "succeeded",
    "failed",
    "canceled",
    "expired",
  );
  return fc
    .oneof(
      fc.record({
        kind: fc.constant("capture"),
        reference: reference("cap", 3),
        ...money,
        status: mostly(fc.constantFrom("pending", "succeeded", "failed", "canceled", "expired")),
        fee: rarely(amount),
        refundedTotal: rarely(amount),
        receivers: rarely(fc.constant(["shop@example.com"])),
        joins: joined("intent", "int", 2),
        links: fc.oneof(joined("invoice", "inv", 2), joined("subscription", "sub", 2)),
      }),
      fc.record({
        kind: fc.constant("intent"),
        reference: reference("int", 2),
        ...money,
        status: mostly(attempt),
        claimed: rarely(amount),
        joins: joined("capture", "cap", 3),
      }),
      fc.record({
        kind: fc.constant("session"),
        reference: reference("ses", 1),
        ...money,
        status: mostly(attempt),
        joins: joined("intent", "int", 2),
      }),
      fc.record({
        kind: fc.constant("authorization"),
        reference: reference("aut", 2),
        ...money,
        status: mostly(fc.constantFrom("pending", "live", "captured", "voided", "expired", "failed")),
        joins: joined("intent", "int", 2),
      }),
      ...(["refund", "reversal", "reinstatement"] as const).map((kind) =>
        fc
          .record({
            kind: fc.constant(kind),
            reference: reference(kind, 3),
            ...money,
            status: mostly(statusesOf(kind)),
          })
          .map((fact) => ({ ...fact, joins: [captureOf(fact.reference)] })),
      ),
      fc.record({
        kind: fc.constant("dispute"),
        reference: reference("dis", 2),
        ...group,
        currency: mostly(currency),
        amount: mostly(amount),
        status: mostly(fc.constantFrom("warning", "open", "won", "lost", "closed")),
        movesMoney: mostly(fc.boolean()),
        withdrawn: rarely(amount),
        reinstated: rarely(amount),
      }),
      fc.record({
        kind: fc.constant("review"),
        reference: reference("rev", 1),
        ...group,
        status: mostly(fc.constantFrom("open", "closed", "warning")),
      }),
      fc.record({
        kind: fc.constant("invoice"),
        reference: reference("inv", 2),
        at: time,
        links: joined("subscription", "sub", 2),
        amount: mostly(amount),
        orders,
      }),
    )
    .map(told);
}

function statusesOf(kind: "refund" | "reversal" | "reinstatement"): fc.Arbitrary<string> {
  if (kind === "refund") return fc.constantFrom("pending", "succeeded", "failed", "canceled");
  return kind === "reversal" ? fc.constantFrom("held", "lost") : fc.constant("succeeded");
}

/** Up to `maxLength` facts of one scope, each with a key of its own. */
export function factSets(maxLength = 12, currencies?: readonly Currency[]): fc.Arbitrary<readonly StoredFact[]> {
  return fc
    .tuple(fc.constantFrom(LIVE, STRIPE), fc.array(facts(currencies), { maxLength }))
    .map(([scope, all]) => all.map((fact, index) => stored(fact, scope, scope.provider, `n${index}#0`)));
}
