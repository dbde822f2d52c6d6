import { canonical } from "../payments/canonical.ts";
import type { EffectName } from "../payments/effect-name.ts";
import type { CaptureFact, RefundFact, StoredFact } from "../payments/fact.ts";
import { readCurrency } from "../payments/money.ts";
import type { Decision, Expectation, StoredDecision } from "../payments/state.ts";
import type { PaymentView } from "../store/reading.ts";
import {
  type LoadedOrder,
  type NewInput,
  type OrderRecord,
  type Store,
  StoreError,
  type Transaction,
} from "../store/store.ts";
import { applyFacts } from "./apply.ts";
import { changeSet } from "./change-set.ts";
import { placeFacts } from "./fact-key.ts";
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

/** What one command adds, or why it may not. `null`: it is so already. */
type Ruling =
  | { readonly kind: "decide"; readonly decision: Decision }
  | { readonly kind: "pay"; readonly facts: (input: NewInput) => readonly StoredFact[]; readonly body: unknown }
  | Refused
  | null;

/** What the merchant's systems and operators say: journaled like notifications, and applied in the same transaction. */
export class OrderCommands implements Commands {
  readonly #parts: CommandParts;

  constructor(parts: CommandParts) {
    this.#parts = parts;
  }

  register(reference: string, expectation: Expectation): Promise<CommandAnswer<KnownOrder>> {
    return this.#command(reference, ({ decisions }) => {
      const told = decisions.flatMap((decision) => (hasExpectation(decision) ? [decision.expectation] : []));
      if (told.length === 0) return { kind: "decide", decision: { kind: "registered", expectation } };
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
    return this.#command(reference, ({ record }) => {
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
      return { kind: "decide", decision: { kind: "changed", expectation } };
    });
  }

  cancel(reference: string, reason: string | null): Promise<CommandAnswer<KnownOrder>> {
    return this.#command(reference, ({ record }) => {
      if (!record?.state.expectation) return unregistered(reference);
      if (record.state.status === "canceled") return null;
      return { kind: "decide", decision: { kind: "canceled", reason } };
    });
  }

  /** The deadline that the merchant gave has passed; told by the sweeper, decided under the order's lock. */
  expire(reference: string): Promise<CommandAnswer<KnownOrder>> {
    return this.#command(reference, ({ record }) => {
      const expiresAt = record?.state.expectation?.expiresAt ?? null;
      const unpaid = record?.state.status === "open" || record?.state.status === "partially_paid";
      if (!unpaid || expiresAt === null || expiresAt > this.#parts.now().getTime()) return null;
      return { kind: "decide", decision: { kind: "expired" } };
    });
  }

  recordPayment(reference: string, payment: OutsidePayment): Promise<CommandAnswer<KnownOrder>> {
    return this.#command(reference, ({ record }) => {
      const expectation = record?.state.expectation;
      if (!expectation) return unregistered(reference);
      if (payment.currency !== expectation.currency) {
        return refused("currency_mismatch", `the order is in ${expectation.currency}; currencies are never added up`);
      }
      return {
        kind: "pay",
        body: payment,
        facts: (input) => outsideFacts(reference, payment, input, expectation.live),
      };
    });
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
    const answer = await this.#command(order, (loaded) =>
      rulingOn(loaded, payment, { kind, payment: payment.id, by, reason }),
    );
    if (answer.kind === "refused") return answer;
    const view = await read.payment(payment.id);
    return view
      ? { kind: "done", created: answer.created, value: view }
      : refused("not_found", `there is no payment ${id}`);
  }

  async #command(reference: string, rule: (order: LoadedOrder) => Ruling): Promise<CommandAnswer<KnownOrder>> {
    // Money from outside locks its objects first; the order's own lock comes last, as everywhere.
    const answer = await withLocks(this.#parts.store, NO_LOCKS, (transaction, held) =>
      this.#run(transaction, held, reference, rule),
    );
    if (answer.kind === "refused") return answer;
    const order = await this.#parts.store.read.order(reference);
    return order?.record
      ? { kind: "done", created: answer.created, value: { ...order, record: order.record } }
      : unregistered(reference);
  }

  async #run(
    transaction: Transaction,
    held: HeldLocks,
    reference: string,
    rule: (order: LoadedOrder) => Ruling,
  ): Promise<Refused | { kind: "done"; created: boolean }> {
    // Read without the lock to learn what kind of command it is; decided again under it.
    const [seen] = await transaction.loadOrders([reference], { evenUnregistered: false });
    const first = seen ? rule(seen) : null;
    if (first?.kind === "pay") return this.#pay(transaction, held, reference, first);
    held.take("orders", [reference]);
    const [order] = await transaction.loadOrders([reference], { evenUnregistered: false });
    const ruling = order ? rule(order) : null;
    if (ruling === null) return { kind: "done", created: false };
    if (ruling.kind === "refused") return ruling;
    // It was registered between the two looks: run again, the first look sees it.
    if (ruling.kind === "pay" || !order)
      throw new StoreError("busy", `order ${reference} changed its kind of command under its lock`);
    await this.#decide(transaction, held, order, ruling.decision);
    return { kind: "done", created: true };
  }

  async #decide(transaction: Transaction, held: HeldLocks, order: LoadedOrder, decision: Decision): Promise<void> {
    const now = this.#parts.now();
    const sequence = order.decisions.length + 1;
    const input = inputOf(
      "decision",
      `order/${order.reference}/${sequence}`,
      { order: order.reference, ...decision },
      now,
    );
    const stored: StoredDecision = {
      ...decision,
      order: order.reference,
      sequence,
      at: now.getTime(),
      input: input.id,
    };
    await transaction.journal([{ ...input, reason: decision.kind }]);
    await this.#write(transaction, held, { facts: [], decisions: [stored], orders: [order.reference], now });
  }

  async #pay(
    transaction: Transaction,
    held: HeldLocks,
    reference: string,
    ruling: Extract<Ruling, { kind: "pay" }>,
  ): Promise<Refused | { kind: "done"; created: boolean }> {
    const now = this.#parts.now();
    const input = inputOf(
      "outside_payment",
      `order/${reference}/payment/${hash(Buffer.from(canonical(ruling.body))).slice(0, 32)}`,
      ruling.body,
      now,
    );
    const facts = ruling.facts(input);
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

function rulingOn(order: LoadedOrder, payment: PaymentView, decision: Extract<Decision, { payment: string }>): Ruling {
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
  return { kind: "decide", decision };
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
