import fc from "fast-check";
import { expect, test } from "vitest";
import type { StoredFact } from "../../src/payments/fact.ts";
import { difference, orderBalances, orderSubject, paymentBalances, payoutSubject } from "../../src/payments/ledger.ts";
import type { StoredDecision } from "../../src/payments/state.ts";
import { applyFacts } from "../../src/pipeline/apply.ts";
import { changeSet } from "../../src/pipeline/change-set.ts";
import { NO_LOCKS, withLocks } from "../../src/pipeline/locks.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import type { Posting } from "../../src/store/effect-rows.ts";
import { type Store, StoreError } from "../../src/store/store.ts";
import { factSets } from "../payments/arbitrary.ts";
import { at, orderOf, stored, type Told, USD } from "../payments/histories/message.ts";
import { availableDialects, withStore } from "../store/databases.ts";
import { stripeAccount } from "./running.ts";

const SALE = {
  kind: "capture",
  at: at(1),
  status: "succeeded",
  currency: USD,
  amount: 250n,
  orders: [{ rank: 0, value: "1001" }],
} as const;

const RULES = new Rules([stripeAccount({ live: true })]);
const EVERYTHING = { limit: 100, cursor: null };

/** What arrives at one time: facts, or a decision. */
interface Step {
  readonly facts: readonly StoredFact[];
  readonly decision: StoredDecision | null;
}

/** As the applier and the commands do; what lost against others is run again, as they do. */
async function apply(store: Store, steps: readonly Step[]): Promise<void> {
  const facts = steps.flatMap((step) => step.facts);
  const decisions = steps.flatMap(({ decision }) => decision ?? []);
  const orders = decisions.map(({ order }) => order);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withLocks(store, NO_LOCKS, async (transaction, held) => {
        const now = new Date();
        const parts = { rules: RULES, effects: new Set(["ledger"] as const) };
        const applied = await applyFacts(parts, transaction, held, { facts, decisions, orders, now });
        await transaction.write(changeSet({ ...applied, decisions, outcomes: [], quarantined: [], now }), null);
      });
    } catch (error) {
      if (attempt === 5 || !(error instanceof StoreError) || error.reason !== "conflict") throw error;
    }
  }
}

/** The same facts under an account and orders of their own, so that one database serves many runs. */
function placed(facts: readonly StoredFact[], run: string): readonly StoredFact[] {
  return facts.map((fact) => ({
    ...fact,
    scope: { ...fact.scope, account: run },
    key: `${run}/${fact.key}`,
    ...(fact.orders && { orders: fact.orders.map(({ rank, value }) => ({ rank, value: `${run}-${value}` })) }),
  }));
}

/** Two payments, each with its money posted, that turn out to be one: a refund by way of the second follows. */
function joining({ scope }: StoredFact): readonly StoredFact[] {
  const capture = (reference: string) => ({ kind: "capture", reference }) as const;
  const told: readonly Told[] = [
    { ...SALE, reference: "cap8" },
    { ...SALE, reference: "cap9", fee: 9n },
    { kind: "intent", reference: "int9", at: at(2), joins: [capture("cap8"), capture("cap9")] },
    {
      kind: "refund",
      reference: "ref9",
      at: at(3),
      status: "succeeded",
      currency: USD,
      amount: 100n,
      joins: [capture("cap9")],
    },
  ];
  return told.map((fact, index) => stored(fact, scope, scope.provider, `joining${index}#0`));
}

/** Decisions keep their order; everything else is shuffled, and told twice. */
function stepsOf(
  facts: readonly StoredFact[],
  decided: readonly StoredDecision[],
  order: readonly number[],
): readonly Step[] {
  const told = [...facts, ...facts].map((fact) => ({ facts: [fact], decision: null }));
  const places = order.slice(0, told.length + decided.length);
  const steps = [...told, ...decided.map(() => null)]
    .map((step, index) => ({ step, place: places[index] ?? index }))
    .sort((left, right) => left.place - right.place);
  const rest = [...decided];
  return steps.map(({ step }) => step ?? { facts: [], decision: rest.shift() ?? null });
}

const decisions = fc.array(fc.constantFrom("change", "cancel", "expire", "other"), { maxLength: 3 });

function decisionsFor(run: string, kinds: readonly string[]): readonly StoredDecision[] {
  const [first, second] = [orderOf(`${run}-1001`), orderOf(`${run}-1002`)];
  const made = kinds.map((kind, index) => {
    if (kind === "change") return first.change(index + 1, 400n, { payments: "several" });
    if (kind === "cancel") return first.cancel(index + 1);
    return kind === "expire" ? first.expire(index + 1) : second.change(index + 1, 250n);
  });
  const registered = [first.register(0, 250n), second.register(0, 1000n)];
  const all = [...registered, ...made].flatMap(({ decision }) => decision ?? []);
  // Each order's own are numbered as they are made, so both registrations come first.
  return all;
}

async function postingsOf(store: Store, filter: Parameters<Store["read"]["postings"]>[0]): Promise<readonly Posting[]> {
  const rows: Posting[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Awaited<ReturnType<Store["read"]["postings"]>> = await store.read.postings(filter, {
      limit: 100,
      cursor,
    });
    rows.push(...page.rows);
    if (page.next === null) return rows;
    cursor = page.next;
  }
}

/** What is posted of the run, by account and currency; and that it is what the payments and orders come to. */
async function balancesOf(store: Store, run: string): Promise<string> {
  const { rows: payments } = await store.read.payments({ account: run }, EVERYTHING);
  const posted = new Map(
    (await store.read.posted(payments.map(({ id }) => id))).map((each) => [each.subject, each.balances]),
  );
  for (const { id, state, counts } of payments)
    expect(difference(paymentBalances(state, counts), posted.get(id) ?? [])).toEqual([]);
  const all = payments.flatMap(({ id }) => posted.get(id) ?? []);
  for (const reference of [`${run}-1001`, `${run}-1002`]) {
    const order = await store.read.order(reference);
    const [own] = await store.read.posted([orderSubject(reference)]);
    const target = order?.record ? orderBalances(order.record.state, order.payments) : [];
    expect(difference(target, own?.balances ?? [])).toEqual([]);
    all.push(...target);
  }
  return JSON.stringify(
    difference(all, []).map(({ account, currency, amount }) => [account, currency, amount.toString()]),
  ).replaceAll(run, "*");
}

for (const { dialect, skip } of await availableDialects()) {
  const name = `on ${dialect}${skip === null ? "" : ` (${skip})`}`;

  test.skipIf(skip !== null)(
    `any order, repetition and batching of anything posts the same balances ${name}`,
    { timeout: 120_000 },
    () =>
      withStore(dialect, async (store) => {
        let runs = 0;
        const orders = fc.array(fc.nat(10_000), { minLength: 40, maxLength: 40 });
        const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 });
        await fc.assert(
          fc.asyncProperty(
            factSets(9),
            decisions,
            orders,
            orders,
            sizes,
            fc.boolean(),
            async (facts, kinds, one, other, batches, atOnce) => {
              const ends: string[] = [];
              for (const order of [one, other]) {
                const run = `r${runs}`;
                runs += 1;
                const steps = [
                  ...stepsOf(
                    placed([...facts, ...facts.slice(0, 1).flatMap(joining)], run),
                    decisionsFor(run, kinds),
                    order,
                  ),
                ];
                const taken: (readonly Step[])[] = [];
                for (let index = 0; steps.length > 0; index += 1)
                  taken.push(steps.splice(0, batches[index % batches.length]));
                // Several appliers at once; what decisions there are is made in their order.
                const isDeciding = (batch: readonly Step[]): boolean => batch.some(({ decision }) => decision !== null);
                const deciding = taken.filter(isDeciding);
                const others = taken.filter((batch) => !isDeciding(batch));
                if (!atOnce) for (const batch of taken) await apply(store, batch);
                else
                  await Promise.all([
                    ...others.map((batch) => apply(store, batch)),
                    deciding.reduce((before, batch) => before.then(() => apply(store, batch)), Promise.resolve()),
                  ]);
                ends.push(await balancesOf(store, run));
              }
              expect(ends[1]).toBe(ends[0]);
            },
          ),
          { numRuns: 25 },
        );
        const sums = await store.read.ledgerSums(new Date(Date.now() + 60_000));
        const totals = new Map<string, bigint>();
        for (const { currency, debits, credits } of sums)
          totals.set(currency, (totals.get(currency) ?? 0n) + debits - credits);
        expect(totals.size).toBeGreaterThan(0);
        expect([...totals.values()].filter((total) => total !== 0n)).toEqual([]);
        await expectEntries(await postingsOf(store, {}));
      }),
  );
}

const PAYOUT = { kind: "payout", reference: "po_1", currency: USD, amount: 700n } as const;
/** As told: announced, arrived, come back; and nothing but a status. */
const PAYOUTS: readonly Told[] = [
  { ...PAYOUT, at: at(1), status: "pending" },
  { ...PAYOUT, at: at(2), status: "in_transit" },
  { ...PAYOUT, at: at(3), status: "paid" },
  { kind: "payout", reference: "po_1", at: at(3), status: "in_transit" },
  { ...PAYOUT, at: at(5), status: "failed" },
];
const OF_ANOTHER: Told = { ...PAYOUT, reference: "po_2", at: at(4), status: "paid", merchant: "acct_1" };

for (const { dialect, skip } of await availableDialects()) {
  test.skipIf(skip !== null)(
    `payouts are posted where they are, in any order, repetition and batching, on ${dialect}${skip === null ? "" : ` (${skip})`}`,
    { timeout: 60_000 },
    () =>
      withStore(dialect, async (store) => {
        let runs = 0;
        const known = fc.integer({ min: 0, max: PAYOUTS.length });
        const orders = fc.array(fc.nat(10_000), { minLength: 12, maxLength: 12 });
        await fc.assert(
          fc.asyncProperty(known, orders, fc.integer({ min: 1, max: 4 }), async (count, order, size) => {
            const run = `p${runs}`;
            runs += 1;
            const scope = { provider: "stripe", account: "default", live: true };
            const facts = [...PAYOUTS.slice(0, count), OF_ANOTHER].map((fact, index) =>
              stored(fact, scope, "stripe", `payout${index}#0`),
            );
            const steps = [...stepsOf(placed(facts, run), [], order)];
            while (steps.length > 0) await apply(store, steps.splice(0, size));
            const subjects = ["po_1", "po_2"].map((id) => payoutSubject(`stripe/${run}/live/payout/${id}`));
            const posted = (await store.read.posted(subjects)).flatMap(({ balances }) => balances);
            const held = difference(posted, []).map(({ account, amount }) => [account.replace(run, "*"), amount]);
            const cash = ["assets:cash:stripe:*", -700n];
            if (count === 0 || count === 5) expect(held).toEqual([]);
            else if (count < 3) expect(held).toEqual([cash, ["assets:payouts:stripe:*", 700n]]);
            else expect(held).toEqual([["assets:bank:stripe:*", 700n], cash]);
          }),
          { numRuns: 30 },
        );
      }),
  );
}

/** Each entry sums to zero in each currency, and says what it follows from. */
async function expectEntries(postings: readonly Posting[]): Promise<void> {
  const totals = new Map<string, bigint>();
  for (const { subject, version, currency, amount, fact, input } of postings) {
    const entry = `${subject}#${version} ${currency}`;
    totals.set(entry, (totals.get(entry) ?? 0n) + amount);
    expect(input, entry).toBeTruthy();
    if (fact !== null) expect(fact, entry).toMatch(/^r\d+\//);
  }
  expect(totals.size).toBeGreaterThan(20);
  expect([...totals].filter(([, total]) => total !== 0n)).toEqual([]);
}
