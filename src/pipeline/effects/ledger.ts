import { collect } from "../../payments/collect.ts";
import { objectKey, type StoredFact } from "../../payments/fact.ts";
import {
  type Balance,
  difference,
  orderBalances,
  orderSubject,
  paymentBalances,
  payoutBalances,
  payoutSubject,
} from "../../payments/ledger.ts";
import { foldPayout } from "../../payments/payout.ts";
import type { Posted, Posting } from "../../store/effect-rows.ts";
import type { PaymentRecord, Transaction } from "../../store/store.ts";
import type { FoldedOrder } from "../fold-orders.ts";
import type { HeldLocks } from "../locks.ts";
import type { EffectCause } from "./effect.ts";
import type { EffectResult } from "./result.ts";

/** What an entry follows from. */
export type Occasion = Pick<Posting, "fact" | "input" | "effectiveAt">;

/** A payment, an order or a payout with what its accounts have to hold. */
export interface Bookable {
  readonly subject: string;
  /** Payments that turned out to be this one: what was posted of them is posted of it. */
  readonly absorbed: readonly string[];
  readonly live: boolean;
  readonly order: string | null;
  readonly target: readonly Balance[];
  readonly occasion: Occasion;
}

interface Candidate extends Bookable {
  /** It was there before, so something may be posted of it, also where it holds nothing now. New ones cost no read. */
  readonly isKnown: boolean;
}

/** Posts what changed payments, orders and payouts lack of their targets. */
export async function postLedger(
  transaction: Transaction,
  _held: HeldLocks,
  cause: EffectCause,
): Promise<EffectResult> {
  const occasions = new Occasions(cause);
  const candidates = [
    ...changedPayments(cause, occasions),
    ...(await judgedAnew(transaction, cause, occasions)),
    ...changedOrders(cause, occasions),
    ...(await changedPayouts(transaction, cause)),
  ];
  const known = candidates.filter(({ isKnown }) => isKnown).flatMap(({ subject, absorbed }) => [subject, ...absorbed]);
  const posted = known.length === 0 ? [] : await transaction.posted(known);
  return { rows: { postings: entriesFor(candidates, posted, cause.now) }, events: [] };
}

/** One entry for each subject whose accounts do not hold yet what they have to. */
export function entriesFor(bookables: readonly Bookable[], posted: readonly Posted[], now: Date): readonly Posting[] {
  const known = new Map(posted.map((each) => [each.subject, each]));
  return bookables.flatMap(({ subject, absorbed, live, order, target, occasion }) => {
    const before = [subject, ...absorbed].flatMap((id) => known.get(id)?.balances ?? []);
    const version = (known.get(subject)?.version ?? 0) + 1;
    return difference(target, before).map((line) => ({ subject, version, ...line, live, order, ...occasion, at: now }));
  });
}

function changedPayments(cause: EffectCause, occasions: Occasions): readonly Candidate[] {
  return cause.payments
    .filter(({ changed }) => changed)
    .map(({ id, state, absorbed, folded }) => {
      const { counts, order } = cause.standings.get(id) ?? { counts: false, order: null };
      return {
        subject: id,
        ...{ absorbed, order, live: state.scope.live },
        target: paymentBalances(state, counts),
        isKnown: folded.before !== null,
        occasion: occasions.ofPayment({ id, state }),
      };
    });
}

/** Payments of which nothing was told, and which an order takes for its own now, or no longer. */
async function judgedAnew(
  transaction: Transaction,
  cause: EffectCause,
  occasions: Occasions,
): Promise<readonly Candidate[]> {
  const changed = new Set(cause.payments.filter((payment) => payment.changed).map(({ id }) => id));
  const payments = new Map<string, PaymentRecord>();
  for (const order of cause.orders) {
    for (const payment of judgedOtherwise(order)) if (!changed.has(payment.id)) payments.set(payment.id, payment);
  }
  if (payments.size === 0) return [];
  // Two orders that one of them names may change at once, each under its own lock.
  await transaction.lock([...payments.keys()].map((id) => `ledger:${id}`));
  const orders = new Map(cause.orders.map((order) => [order.reference, order.state]));
  const elsewhere = (await transaction.countsOf([...payments.keys()])).filter(({ order }) => !orders.has(order));
  const counting = new Set([
    ...elsewhere.filter(({ counts }) => counts).map(({ payment }) => payment),
    ...[...orders.values()].flatMap((order) => order.payments.filter(({ counts }) => counts).map(({ id }) => id)),
  ]);
  return [...payments.values()].map(({ id, state }) => ({
    subject: id,
    absorbed: [],
    live: state.scope.live,
    order: state.orders.find((reference) => orders.get(reference)?.expectation) ?? state.orders[0] ?? null,
    target: paymentBalances(state, counting.has(id)),
    isKnown: true,
    occasion: occasions.ofPayment({ id, state }),
  }));
}

function judgedOtherwise({ before, state, payments }: FoldedOrder): readonly PaymentRecord[] {
  const counted = new Set(before.record?.state.payments.filter(({ counts }) => counts).map(({ id }) => id));
  const other = new Set(state.payments.filter(({ id, counts }) => counts !== counted.has(id)).map(({ id }) => id));
  return payments.filter(({ id }) => other.has(id));
}

/** Only those whose target moves: for most an order's payment changes what is owed, and nothing of what was sold. */
function changedOrders(cause: EffectCause, occasions: Occasions): readonly Candidate[] {
  return cause.orders.flatMap((order) => {
    const { reference, before, state } = order;
    const target = orderBalances(state, order.payments);
    const earlier = before.record === null ? [] : orderBalances(before.record.state, before.payments);
    if (difference(target, earlier).length === 0) return [];
    return {
      ...{ subject: orderSubject(reference), absorbed: [], order: reference, target },
      live: state.expectation?.live ?? false,
      isKnown: before.record !== null,
      occasion: occasions.ofOrder(order),
    };
  });
}

/** Those that new facts tell of. Their objects are locked already, as every fact locks its own. */
async function changedPayouts(
  transaction: Pick<Transaction, "loadGroupFacts">,
  { facts: { newFacts }, rules }: EffectCause,
): Promise<readonly Candidate[]> {
  const told = collect(
    newFacts.filter(({ kind }) => kind === "payout"),
    (fact) => objectKey(fact.scope, fact),
  );
  if (told.size === 0) return [];
  const known = collect(await transaction.loadGroupFacts([...told.keys()]), (fact) => objectKey(fact.scope, fact));
  return [...told].flatMap(([key, fresh]) => {
    const newest = fresh.reduce((last, fact) => (fact.at >= last.at ? fact : last));
    return {
      ...{ subject: payoutSubject(key), absorbed: [], order: null, live: newest.scope.live },
      target: payoutBalances(foldPayout([...(known.get(key) ?? []), ...fresh]), rules.ofScope),
      isKnown: known.has(key),
      occasion: ofFact(newest),
    };
  });
}

/** What of this transaction's facts and decisions each entry follows from: of several the last. */
class Occasions {
  readonly #cause: EffectCause;
  readonly #facts = new Map<string, StoredFact>();

  constructor(cause: EffectCause) {
    this.#cause = cause;
    const { newFacts, paymentOf, linkedTo } = cause.facts;
    for (const fact of newFacts) {
      const key = objectKey(fact.scope, fact);
      const payment = paymentOf.get(key);
      for (const id of payment === undefined ? (linkedTo.get(key) ?? []) : [payment]) {
        const known = this.#facts.get(id);
        if (known === undefined || fact.at >= known.at) this.#facts.set(id, fact);
      }
    }
  }

  /** Its own fact; else what was decided about its order, or told of another payment that the order has. */
  ofPayment({ id, state }: Pick<PaymentRecord, "id" | "state">): Occasion {
    const own = this.#facts.get(id);
    if (own !== undefined) return ofFact(own);
    const order = this.#cause.orders.find(({ reference }) => state.orders.includes(reference));
    return order === undefined ? this.#unknown() : this.ofOrder(order);
  }

  ofOrder({ reference, touched }: FoldedOrder): Occasion {
    const decision = this.#cause.decisions.findLast(({ order }) => order === reference);
    if (decision !== undefined) return { fact: null, input: decision.input, effectiveAt: new Date(decision.at) };
    const facts = touched.flatMap(({ id }) => this.#facts.get(id) ?? []);
    const newest = facts.reduce<StoredFact | null>((last, fact) => (last && last.at >= fact.at ? last : fact), null);
    return newest === null ? this.#unknown() : ofFact(newest);
  }

  /** A decision about an order that another one shares a payment with. */
  #unknown(): Occasion {
    const decision = this.#cause.decisions.at(-1);
    const fact = this.#cause.facts.newFacts.at(-1);
    if (fact !== undefined) return ofFact(fact);
    return { fact: null, input: decision?.input ?? null, effectiveAt: new Date(decision?.at ?? this.#cause.now) };
  }
}

function ofFact({ key, input, at }: StoredFact): Occasion {
  return { fact: key, input, effectiveAt: new Date(at) };
}
