import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccountRules } from "../../src/payments/state.ts";
import type { History, Message } from "./histories/message.ts";
import { ORDER_HISTORIES } from "./histories/orders.ts";
import { PAYPAL_HISTORIES } from "./histories/paypal.ts";
import { STRIPE_HISTORIES } from "./histories/stripe.ts";
import { commit, digest, emptyWorld, keyOf, paymentOf, type World } from "./world.ts";

const HISTORIES: readonly History[] = [...STRIPE_HISTORIES, ...PAYPAL_HISTORIES, ...ORDER_HISTORIES];

/** Up to this many messages a history is run in all orders: 7! = 5,040. */
const EXHAUSTIVE = 7;

const RULES: AccountRules = { live: true, receivers: ["shop@example.com"], merchants: [], orders: "optional" };

/** A history of seven messages takes a second alone, and several on a busy machine. */
const SLOW = { timeout: 60_000 };

const START = emptyWorld(() => RULES);

describe.each(HISTORIES)("$name", (history) => {
  const { messages, untrueLater = [] } = history;
  const endOf = (world: World) =>
    [digest(world), ...[...world.told].filter((key) => !untrueLater.includes(key)).sort()].join("\n");
  const told = run(messages.map((message) => [message]));

  test("ends as it should", () => {
    expectEnd(told, history);
    const lasting = [...told.told].filter((key) => !untrueLater.includes(key));
    expect(typesIn(lasting)).toEqual([...history.told].sort());
  });

  test("ends the same in all orders, and tells the same", SLOW, () => {
    const end = endOf(told);
    let orders = 0;
    for (const world of endings(messages)) {
      orders += 1;
      expect(endOf(world)).toBe(end);
    }
    expect(orders).toBeGreaterThan(0);
  });

  test("ends the same in any batching and with repetitions", SLOW, () => {
    const end = endOf(told);
    fc.assert(
      fc.property(
        sequenceOf(messages),
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
        (sequence, sizes) => {
          expect(endOf(run(batches(sequence, sizes)))).toBe(end);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe.each(HISTORIES.filter(({ messages }) => messages.some(({ isRedundant }) => isRedundant)))(
  "$name",
  (history) => {
    test("ends the same without what is redundant, one by one and altogether", () => {
      const { messages } = history;
      const dropped = messages.filter(({ isRedundant }) => isRedundant);
      for (const gone of [dropped, ...dropped.map((message) => [message])]) {
        const rest = messages.filter((message) => !gone.includes(message));
        expectEnd(run(rest.map((message) => [message])), history);
      }
    });
  },
);

test("there are at least thirty histories, each with a name of its own", () => {
  expect(new Set(HISTORIES.map(({ name }) => name)).size).toBe(HISTORIES.length);
  expect(HISTORIES.length).toBeGreaterThanOrEqual(30);
});

function expectEnd(world: World, history: History): void {
  for (const [reference, expected] of Object.entries(history.payments)) {
    expect(paymentOf(world, reference), reference).toMatchObject(expected);
  }
  for (const [reference, expected] of Object.entries(history.orders ?? {})) {
    expect(world.orders.get(reference), reference).toMatchObject(expected);
  }
  expect(heldIn(world)).toEqual(history.held ?? {});
}

function run(sequence: readonly (readonly Message[])[]): World {
  return sequence.reduce(commit, START);
}

/** Every order that can be, sharing the commits of common beginnings; beyond seven messages a sample. */
function* endings(messages: readonly Message[]): Generator<World> {
  if (messages.length <= EXHAUSTIVE) yield* permute(START, messages);
  else for (const sequence of fc.sample(sequenceOf(messages), 500)) yield run(sequence.map((message) => [message]));
}

function* permute(world: World, rest: readonly Message[]): Generator<World> {
  if (rest.length === 0) yield world;
  for (const next of rest) {
    if (!canArrive(next, rest)) continue;
    yield* permute(
      commit(world, [next]),
      rest.filter((message) => message !== next),
    );
  }
}

/**
 * Notifications arrive in any order. A decision is made once, when it is made: after those before it in its order's
 * sequence, before anything that happened later, and about a payment that is known.
 */
function canArrive(message: Message, missing: readonly Message[]): boolean {
  const others = missing.filter((other) => other !== message);
  if (message.decision === null) {
    const happened = Math.min(...message.facts.map((fact) => fact.at));
    return others.every(({ decision }) => decision === null || decision.at >= happened);
  }
  const { decision } = message;
  const about = decision.kind === "accepted" || decision.kind === "rejected" ? decision.payment : null;
  return others.every((other) => {
    if (other.decision !== null)
      return other.decision.order !== decision.order || other.decision.sequence > decision.sequence;
    return about === null || !other.facts.some((fact) => keyOf(fact) === about);
  });
}

/** A random possible order, some messages arriving again later. */
function sequenceOf(messages: readonly Message[]): fc.Arbitrary<readonly Message[]> {
  return fc.infiniteStream(fc.nat()).map((stream) => {
    const choices = stream[Symbol.iterator]();
    const pick = <Item>(items: readonly Item[]): Item => {
      const item = items[(choices.next().value ?? 0) % items.length];
      if (item === undefined) throw new Error("a history in which nothing can arrive next");
      return item;
    };
    const sequence: Message[] = [];
    let rest = messages;
    while (rest.length > 0) {
      const next = pick(rest.filter((message) => canArrive(message, rest)));
      rest = rest.filter((message) => message !== next);
      sequence.push(next);
      // Decisions are made once: their sequence is the store's own.
      const repeatable = sequence.filter(({ decision }) => decision === null);
      if (repeatable.length > 0 && (choices.next().value ?? 0) % 3 === 0) sequence.push(pick(repeatable));
    }
    return sequence;
  });
}

function batches(sequence: readonly Message[], sizes: readonly number[]): readonly (readonly Message[])[] {
  const result: (readonly Message[])[] = [];
  let start = 0;
  for (let i = 0; start < sequence.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    const batch = sequence.slice(start, start + size);
    // A person decides about what is committed.
    const decisive = batch.findIndex(({ decision }) => decision?.kind === "accepted" || decision?.kind === "rejected");
    const taken = decisive > 0 ? batch.slice(0, decisive) : batch;
    result.push(taken);
    start += taken.length;
  }
  return result;
}

function heldIn(world: World): Record<string, readonly string[]> {
  const held = [...world.orders.values()].flatMap((order) =>
    order.payments.filter((payment) => payment.held.length > 0),
  );
  return Object.fromEntries(
    held.map(({ id, held: reasons }) => [
      world.payments.find((payment) => payment.id === id)?.state.reference,
      reasons,
    ]),
  );
}

function typesIn(keys: readonly string[]): readonly string[] {
  return keys.map((key) => key.slice(0, key.indexOf(":"))).sort();
}
