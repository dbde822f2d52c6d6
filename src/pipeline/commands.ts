import { canonical } from "../payments/canonical.ts";
import type { EffectName } from "../payments/effect-name.ts";
import type { CaptureFact, RefundFact, StoredFact } from "../payments/fact.ts";
import { readCurrency } from "../payments/money.ts";
import type { Decision, Expectation, StoredDecision } from "../payments/state.ts";
import type { PaymentView } from "../store/reading.ts";
import type { LoadedOrder, NewInput, OrderRecord, Store, Transaction } from "../store/store.ts";
import { applyFacts } from "./apply.ts";
import { changeSet } from "./change-set.ts";
import { placeFacts } from "./fact-key.ts";
import { Gathering } from "./gathering.ts";
import { type HeldLocks, NO_LOCKS, withLocks } from "./locks.ts";
import { hash, inputOf } from "./own-input.ts";
import type { CommandAnswer, Commands, KnownOrder, OutsidePayment } from "./pipeline.ts";
import { OUTSIDE, type Rules } from "./rules.ts";

export interface CommandParts {
  readonly store: Store;
  readonly rules: Rules;
  readonly effects: ReadonlySet<EffectName>;
  readonly now: () => Date;
}

type Refused = Extract<CommandAnswer<never>, { kind: "refused" }>;

/** What one command decides about an order as it stands, or why it may not. `null`: it is so already. */
type Rule = (order: LoadedOrder) => Decision | Refused | null;

interface Deciding {
  readonly reference: string;
  readonly rule: Rule;
}

type Answer = Refused | { readonly kind: "done"; readonly created: boolean };

/** Together in one transaction, while many come; beyond what may wait they are refused. */
const AT_ONCE = { name: "commands", mostAtOnce: 50, mostWaiting: 1_000, waitMs: 10_000 };

/** What the merchant's systems and operators say: journaled like notifications, and applied in the same transaction. */
export class OrderCommands implements Commands {
  readonly #parts: CommandParts;
  readonly #deciding: Gathering<Deciding, Answer>;

  constructor(parts: CommandParts) {
    this.#parts = parts;
    this.#deciding = new Gathering({
      ...AT_ONCE,
      keyOf: ({ reference }) => reference,
      work: (commands) =>
        withLocks(parts.store, NO_LOCKS, (transaction, held) => this.#decideAll(transaction, held, commands)),
    });
  }

  register(reference: string, expectation: Expectation): Promise<CommandAnswer<KnownOrder>> {
    return this.#decided(reference, ({ decisions }) => {
      const told = decisions.flatMap((decision) => (hasExpectation(decision) ? [decision.expectation] : []));
      if (told.length === 0) return { kind: "registered", expectation };
      const same = told.some((known) => canonical(known) === canonical(expectation));
      return same
        ? null
        : refused("already_registered", "this order is registered with other contents; PATCH changes it");
    });
  }

  change(
    reference: string,
    change: { readonly version: number; readonly expectation: Partial<Expectation> },
  ): Promise<CommandAnswer<KnownOrder>> {
    return this.#decided(reference, ({ record }) => {
      const current = record?.state.expectation;
      if (!record || !current) return unregistered(reference);
      if (record.state.version !== change.version) {
        return refused(
          "version_mismatch",
          `the order is at version ${record.state.version}: read it again, then change it`,
        );
      }
      if (isClosed(record)) return refused("order_closed", `the order is ${record.state.status}`);
      const expectation = { ...current, ...change.expectation };
      if (canonical(expectation) === canonical(current)) return null;
      return { kind: "changed", expectation };
    });
  }

  cancel(reference: string, reason: string | null): Promise<CommandAnswer<KnownOrder>> {
    return this.#decided(reference, ({ record }) => {
      if (!record?.state.expectation) return unregistered(reference);
      if (record.state.status === "canceled") return null;
      return { kind: "canceled", reason };
    });
  }

  /** The deadline that the merchant gave has passed; told by the sweeper, decided under the order's lock. */
  expire(reference: string): Promise<CommandAnswer<KnownOrder>> {
    return this.#decided(reference, ({ record }) => {
      const expiresAt = record?.state.expectation?.expiresAt ?? null;
      const unpaid = record?.state.status === "open" || record?.state.status === "partially_paid";
      if (!unpaid || expiresAt === null || expiresAt > this.#parts.now().getTime()) return null;
      return { kind: "expired" };
    });
  }

  async recordPayment(reference: string, payment: OutsidePayment): Promise<CommandAnswer<KnownOrder>> {
    // Its money locks its objects first; the order's own lock comes last, as everywhere.
    const answer = await withLocks(this.#parts.store, NO_LOCKS, (transaction, held) =>
      this.#pay(transaction, held, reference, payment),
    );
    return this.#answered(reference, answer);
  }

  async decide(
    id: string,
    decision: {
      readonly kind: "accepted" | "rejected";
      readonly by: string;
      readonly reason: string;
      readonly order: string | null;
    },
  ): Promise<CommandAnswer<PaymentView>> {
    const { read } = this.#parts.store;
    const payment = await read.payment(id);
    if (!payment) return refused("not_found", `there is no payment ${id}`);
    const order = decision.order ?? payment.order;
    if (order === null || !payment.state.orders.includes(order)) {
      return refused("not_found", "the payment names no registered order that could be decided about");
    }
    const { kind, by, reason } = decision;
    const answer = await this.#decided(order, (loaded) =>
      rulingOn(loaded, payment, { kind, payment: payment.id, by, reason }),
    );
    if (answer.kind === "refused") return answer;
    const view = await read.payment(payment.id);
    return view
      ? { kind: "done", created: answer.created, value: view }
      : refused("not_found", `there is no payment ${id}`);
  }

  async #decided(reference: string, rule: Rule): Promise<CommandAnswer<KnownOrder>> {
    return this.#answered(reference, await this.#deciding.add({ reference, rule }));
  }

  async #answered(reference: string, answer: Answer): Promise<CommandAnswer<KnownOrder>> {
    if (answer.kind === "refused") return answer;
    const order = await this.#parts.store.read.order(reference);
    return order?.record
      ? { kind: "done", created: answer.created, value: { ...order, record: order.record } }
      : unregistered(reference);
  }

  /** Commands about as many orders, each decided under its order's lock. */
  async #decideAll(
    transaction: Transaction,
    held: HeldLocks,
    commands: readonly Deciding[],
  ): Promise<readonly Answer[]> {
    const references = commands.map(({ reference }) => reference);
    held.take("orders", references);
    const orders = await transaction.loadOrders(references, { evenUnregistered: false });
    const now = this.#parts.now();
    const ruled = orders.map((order, index) => ({ order, ruling: commands[index]?.rule(order) ?? null }));
    const decided = ruled.flatMap(({ order, ruling }) =>
      ruling === null || ruling.kind === "refused" ? [] : [decisionOn(order, ruling, now)],
    );
    if (decided.length > 0) {
      await transaction.journal(decided.map(({ input, stored }) => ({ ...input, reason: stored.kind })));
      const decisions = decided.map(({ stored }) => stored);
      await this.#write(transaction, held, { facts: [], decisions, orders: decisions.map(({ order }) => order), now });
    }
    return ruled.map(({ ruling }) =>
      ruling?.kind === "refused" ? ruling : { kind: "done", created: ruling !== null },
    );
  }

  async #pay(transaction: Transaction, held: HeldLocks, reference: string, payment: OutsidePayment): Promise<Answer> {
    const [order] = await transaction.loadOrders([reference], { evenUnregistered: false });
    const expectation = order?.record?.state.expectation;
    if (!expectation) return unregistered(reference);
    if (payment.currency !== expectation.currency) {
      return refused("currency_mismatch", `the order is in ${expectation.currency}; currencies are never added up`);
    }
    const now = this.#parts.now();
    const input = inputOf(
      "outside_payment",
      `order/${reference}/payment/${hash(Buffer.from(canonical(payment))).slice(0, 32)}`,
      payment,
      now,
    );
    const facts = outsideFacts(reference, payment, input, expectation.live);
    const known = await transaction.knownFacts(facts.map((fact) => fact.key));
    if (facts.every((fact) => known.has(fact.key))) return { kind: "done", created: false };
    await transaction.journal([{ ...input, reason: null }]);
    await this.#write(transaction, held, { facts, decisions: [], orders: [], now });
    return { kind: "done", created: true };
  }

  async #write(
    transaction: Transaction,
    held: HeldLocks,
    change: {
      readonly facts: readonly StoredFact[];
      readonly decisions: readonly StoredDecision[];
      readonly orders: readonly string[];
      readonly now: Date;
    },
  ): Promise<void> {
    const applied = await applyFacts(this.#parts, transaction, held, change);
    await transaction.write(
      changeSet({ ...applied, decisions: change.decisions, outcomes: [], quarantined: [], now: change.now }),
      null,
    );
  }
}

function decisionOn(
  order: LoadedOrder,
  decision: Decision,
  now: Date,
): { readonly input: NewInput; readonly stored: StoredDecision } {
  const sequence = order.decisions.length + 1;
  const input = inputOf(
    "decision",
    `order/${order.reference}/${sequence}`,
    { order: order.reference, ...decision },
    now,
  );
  return {
    input,
    stored: { ...decision, order: order.reference, sequence, at: now.getTime(), input: input.id },
  };
}

function rulingOn(
  order: LoadedOrder,
  payment: PaymentView,
  decision: Extract<Decision, { payment: string }>,
): ReturnType<Rule> {
  const view = order.record?.state.payments.find((candidate) => candidate.id === payment.id);
  if (!view)
    return refused(
      "not_found",
      `order ${order.reference} is not registered, so nothing is decided about its payments yet`,
    );
  const held = view.held.some((reason) => reason !== "rejected");
  if (decision.kind === "accepted" && view.held.includes("currency_mismatch")) {
    return refused("currency_mismatch", "currencies are never added up: change the order, or give the money back");
  }
  if (decision.kind === "accepted" && view.counts) return null;
  if (decision.kind === "rejected" && view.held.includes("rejected")) return null;
  if (decision.kind === "rejected" && !held && !view.counts)
    return refused("payment_not_held", "the payment is not held");
  return decision;
}

function hasExpectation(decision: Decision): decision is Extract<Decision, { expectation: Expectation }> {
  return decision.kind === "registered" || decision.kind === "changed";
}

function isClosed(record: OrderRecord): boolean {
  return record.state.status === "canceled" || record.state.status === "expired";
}

function refused(reason: Refused["reason"], message: string): Refused {
  return { kind: "refused", reason, message };
}

function unregistered(reference: string): Refused {
  return refused("not_found", `order ${reference} is not registered`);
}

/** Money from outside is a payment like any other: a capture, or for a negative correction a refund, of a provider of its own. */
function outsideFacts(order: string, payment: OutsidePayment, input: NewInput, live: boolean): readonly StoredFact[] {
  const currency = readCurrency(payment.currency);
  if (currency === null) throw new Error("the API checked the currency before");
  const common = {
    reference: `${order}/${payment.reference}`.slice(0, 200),
    at: payment.at.getTime(),
    joins: [],
    links: [],
    orders: [{ rank: 0, value: order }],
    status: "succeeded",
    currency,
  } as const;
  const fact: CaptureFact | RefundFact =
    payment.amount < 0n
      ? { ...common, kind: "refund", amount: -payment.amount }
      : { ...common, kind: "capture", amount: payment.amount };
  const item = { key: common.reference, type: payment.method, live, facts: [fact] };
  return placeFacts([item], {
    gateway: OUTSIDE,
    provider: OUTSIDE,
    account: "default",
    input: input.id,
    receivedAt: input.receivedAt,
  });
}
