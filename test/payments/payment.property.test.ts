import fc from "fast-check";
import { expect, test } from "vitest";
import { groupFacts, partition } from "../../src/payments/component.ts";
import { digestPayment } from "../../src/payments/digest.ts";
import type { StoredFact } from "../../src/payments/fact.ts";
import { foldPayment } from "../../src/payments/payment.ts";
import type { PaymentState } from "../../src/payments/state.ts";
import { factSets } from "./arbitrary.ts";
import { at, stored, USD } from "./histories/message.ts";

const RUNS = { numRuns: 500 };
const SLOW = { timeout: 60_000 };

function payments(facts: readonly StoredFact[]): readonly PaymentState[] {
  const groups = [...groupFacts(facts).values()].flat();
  return partition(facts).map((component) => foldPayment(component.facts, groups));
}

function shuffled<Item>(items: readonly Item[]): fc.Arbitrary<readonly Item[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

test("any order and any repetition of facts folds into the same payments", SLOW, () => {
  fc.assert(
    fc.property(
      factSets().chain((facts) => fc.tuple(fc.constant(facts), shuffled(facts), shuffled(facts))),
      ([facts, one, other]) => {
        expect(payments([...one, ...other]).map(digestPayment)).toEqual(payments(facts).map(digestPayment));
      },
    ),
    RUNS,
  );
});

test("no sum is ever negative, and what was captured was authorized", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      for (const { captured, refunded, chargedBack, disputed, authorized, ever } of payments(facts)) {
        for (const amount of [captured, refunded, chargedBack, disputed, ever.captured, ever.refunded, ever.lost])
          expect(amount).toBeGreaterThanOrEqual(0n);
        expect(authorized).toBeGreaterThanOrEqual(captured);
        expect(ever.captured).toBeGreaterThanOrEqual(captured);
      }
    }),
    RUNS,
  );
});

test("the status speaks of money exactly when there is some", SLOW, () => {
  const ofMoney = ["paid", "partially_refunded", "refunded", "disputed", "charged_back"];
  fc.assert(
    fc.property(factSets(), (facts) => {
      for (const { status, captured, refunded } of payments(facts)) {
        if (captured > 0n) expect(ofMoney).toContain(status);
        else if (refunded === 0n) expect(ofMoney).not.toContain(status);
      }
    }),
    RUNS,
  );
});

test("money that counts has been told", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      for (const { captured, refunded, milestones } of payments(facts)) {
        const types = milestones.map(({ type }) => type);
        if (captured > 0n) expect(types).toContain("payment.paid");
        if (refunded > 0n) expect(types).toContain("payment.refunded");
      }
    }),
    RUNS,
  );
});

test("another fact never takes a milestone back", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      const keys = (of: readonly StoredFact[]) =>
        payments(of).flatMap(({ milestones }) => milestones.map(({ key }) => key));
      const all = new Set(keys(facts));
      for (let known = 1; known < facts.length; known += 1) {
        for (const key of keys(facts.slice(0, known))) expect(all).toContain(key);
      }
    }),
    RUNS,
  );
});

test("no two milestones of any payments have one key", SLOW, () => {
  fc.assert(
    fc.property(factSets(), (facts) => {
      const keys = payments(facts).flatMap(({ milestones }) => milestones.map(({ key }) => key));
      expect(new Set(keys).size).toBe(keys.length);
    }),
    RUNS,
  );
});

test("joining two payments never changes the sum of money", SLOW, () => {
  const sums = (facts: readonly StoredFact[]) => {
    const all = payments(facts);
    const total = (pick: (state: PaymentState) => bigint) => all.reduce((sum, state) => sum + pick(state), 0n);
    return [
      total(({ captured }) => captured),
      total(({ refunded }) => refunded),
      total(({ chargedBack }) => chargedBack),
    ];
  };
  fc.assert(
    fc.property(
      factSets(12, [USD]).chain((facts) => fc.tuple(fc.constant(facts), shuffled(partition(facts)))),
      ([facts, [one, other]]) => {
        if (!one || !other) return;
        const [a, b] = [one.facts[0], other.facts[0]];
        if (!a || !b) return;
        const join = stored(
          {
            kind: "session",
            reference: "joining",
            at: at(20),
            joins: [a, b].map(({ kind, reference }) => ({ kind, reference }) as never),
          },
          a.scope,
          a.gateway,
          "join#0",
        );
        expect(payments([...facts, join]).length).toBe(payments(facts).length - 1);
        expect(sums([...facts, join])).toEqual(sums(facts));
      },
    ),
    RUNS,
  );
});

test("nothing at all is a payment of nothing", () => {
  expect(foldPayment([], [])).toMatchObject({ status: "pending", captured: 0n, objects: [], milestones: [] });
});
