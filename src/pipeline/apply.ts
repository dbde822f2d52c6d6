import { setImmediate } from "node:timers/promises";
import type { AccountConfig } from "../gateways/account.ts";
import type { Channel } from "../gateways/gateway.ts";
import type { EffectName } from "../payments/effect-name.ts";
import { objectKey, type StoredFact } from "../payments/fact.ts";
import type { StoredDecision } from "../payments/state.ts";
import type { InputOutcome, InputState, NewInput, Store, Transaction } from "../store/store.ts";
import { type ChangeParts, changeSet, type PaymentStanding, paymentChanges, standings } from "./change-set.ts";
import { takeEffects } from "./effects/effects.ts";
import { type FoldedFacts, foldFacts } from "./fold-facts.ts";
import { type FoldedOrder, foldOrders } from "./fold-orders.ts";
import { newId } from "./ids.ts";
import { type HeldLocks, NO_LOCKS, withLocks } from "./locks.ts";
import { type Reading, readNotification } from "./read.ts";
import type { Rules } from "./rules.ts";

export interface ApplyParts {
  readonly store: Pick<Store, "transaction">;
  readonly rules: Rules;
  /** `<gateway>/<account>` → channel. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** `<provider>/<account>` → configuration. */
  readonly accounts: ReadonlyMap<string, AccountConfig>;
  /** What else follows from payments and orders. */
  readonly effects: ReadonlySet<EffectName>;
  readonly now: () => Date;
}

/** An input to apply, and what is known about its proof. */
export interface ApplyTask {
  readonly input: NewInput;
  /** What the provider's API or verifier said about it: an input of its own, with its facts, journaled in the same transaction. */
  readonly answers: readonly {
    readonly input: NewInput;
    readonly reason: string | null;
    readonly facts: readonly StoredFact[];
  }[];
  /**
   * `confirmed`: the provider was asked, and only what it answered enters the fold. What the notification itself says
   * beyond that (which order it names, above all) is still no better proven than its checksum.
   */
  readonly proof: "signed" | "confirmed";
}

/** What became of each input, in the order given; the rows are committed when this resolves. */
export interface Applied {
  readonly outcome: InputOutcome;
  /** Arrived under a nonce that another body used before. */
  readonly nonceReused: boolean;
}

/** How long an order may take to be registered, or an invoice's payment to be told, before it is a person's business. */
export const PARKED_FOR_MS = 60 * 60 * 1000;

/** Notifications that need nobody's word but their own signature. */
export function applySigned(
  parts: ApplyParts,
  inputs: readonly NewInput[],
  owner: string,
): Promise<readonly Applied[]> {
  return applyBatch(
    parts,
    inputs.map((input) => ({ input, answers: [], proof: "signed" })),
    owner,
  );
}

/**
 * One batch = one transaction with a handful of statements: lock, load, fold in memory, write each table once.
 * Rejects with StoreError; nothing is written then.
 */
export async function applyBatch(
  parts: ApplyParts,
  tasks: readonly ApplyTask[],
  owner: string,
): Promise<readonly Applied[]> {
  const read = await readTasks(parts, tasks);
  return withLocks(parts.store, NO_LOCKS, (transaction, held) => applyRead(parts, transaction, held, read, owner));
}

interface ReadTask {
  readonly task: ApplyTask;
  readonly reading: Reading;
}

/** A millisecond's work or two. */
const READ_AT_ONCE = 10;

/** A few at a time: the batch before this one waits for the database at every step, and goes on as soon as it may. */
async function readTasks(parts: ApplyParts, tasks: readonly ApplyTask[]): Promise<readonly ReadTask[]> {
  const read: ReadTask[] = [];
  for (const task of tasks) {
    if (read.length > 0 && read.length % READ_AT_ONCE === 0) await setImmediate();
    read.push({ task, reading: readTask(parts, task.input) });
  }
  return read;
}

function readTask(parts: ApplyParts, input: NewInput): Reading {
  const channel = parts.channels.get(`${input.gateway}/${input.account}`);
  const account = channel && parts.accounts.get(`${channel.provider}/${channel.account}`);
  return readNotification(input, channel, account);
}

async function applyRead(
  parts: ApplyParts,
  transaction: Transaction,
  held: HeldLocks,
  read: readonly ReadTask[],
  owner: string,
): Promise<readonly Applied[]> {
  const reused = await reusedNonces(transaction, read);
  const steps = read.map((one) => ({ waits: waits(parts, one, reused), ...one }));
  const facts = steps.flatMap(enteringFacts);
  const answers = steps.flatMap(({ task }) => task.answers.map(({ input, reason }) => ({ ...input, reason })));
  if (answers.length > 0) await transaction.journal(answers);

  const now = parts.now();
  const applied = await applyFacts(parts, transaction, held, { facts, decisions: [], orders: [], now });
  const news: News = {
    facts: new Set(applied.facts.newFacts.map((fact) => fact.key)),
    unchanged: new Set(applied.payments.filter((payment) => !payment.changed).map(({ id }) => id)),
  };
  const outcomes = steps.map((step) => outcomeOf(parts, step, applied, news));
  await transaction.write(
    changeSet({
      ...applied,
      decisions: [],
      outcomes,
      quarantined: outcomes
        .filter((outcome) => outcome.state === "quarantined")
        .map(({ id, payment, reason }) => ({ input: id, payment, reason: reason ?? "unknown" })),
      now,
    }),
    { owner },
  );
  return outcomes.map((outcome) => ({ outcome, nonceReused: reused.has(outcome.id) }));
}

async function reusedNonces(transaction: Transaction, read: readonly ReadTask[]): Promise<ReadonlySet<string>> {
  const withNonce = read.flatMap(({ task: { input } }) =>
    input.nonce === null ? [] : [{ id: input.id, gateway: input.gateway, account: input.account, nonce: input.nonce }],
  );
  return withNonce.length === 0 ? new Set() : transaction.reusedNonces(withNonce);
}

/** Why an input's facts may not enter the fold yet, or null. */
function waits(
  parts: ApplyParts,
  { task, reading }: ReadTask,
  reused: ReadonlySet<string>,
): "confirmation" | "nonce_reused" | null {
  if (task.proof === "confirmed" || reading.kind !== "facts") return null;
  const confirmation = parts.channels.get(`${task.input.gateway}/${task.input.account}`)?.confirmation ?? null;
  if (reused.has(task.input.id)) return confirmation ? "confirmation" : "nonce_reused";
  return confirmation && reading.items.some((item) => confirmation.needed(item)) ? "confirmation" : null;
}

/** What of a step enters the fold. */
function enteringFacts({ task, reading, waits: waiting }: Step): readonly StoredFact[] {
  if (waiting !== null || reading.kind !== "facts") return [];
  const answered = task.answers.flatMap((answer) => answer.facts);
  return task.proof === "confirmed" ? answered : [...reading.facts, ...answered];
}

export interface AppliedFacts extends Pick<ChangeParts, "payments" | "orders" | "standings" | "effects"> {
  readonly facts: FoldedFacts;
}

/** The common middle of every way in: facts and decisions become payments, orders and what follows from them. Writes nothing. */
export async function applyFacts(
  parts: Pick<ApplyParts, "rules" | "effects">,
  transaction: Transaction,
  held: HeldLocks,
  change: {
    readonly facts: readonly StoredFact[];
    readonly decisions: readonly StoredDecision[];
    readonly orders: readonly string[];
    readonly now: Date;
  },
): Promise<AppliedFacts> {
  const facts = await foldFacts(transaction, held, change.facts, () => newId("pay", change.now));
  const payments = paymentChanges(facts);
  const orders: readonly FoldedOrder[] = await foldOrders(transaction, held, parts.rules, {
    payments,
    decisions: change.decisions,
    orders: change.orders,
  });
  const { decisions, now } = change;
  const applied = { facts, payments, orders, standings: standings(payments, orders) };
  const cause = { ...applied, decisions, rules: parts.rules, now };
  return { ...applied, effects: await takeEffects(parts.effects, transaction, held, cause) };
}

interface Step extends ReadTask {
  readonly waits: ReturnType<typeof waits>;
}

interface News {
  /** Keys of facts that were not known before. */
  readonly facts: ReadonlySet<string>;
  /** Payments that were looked at and are as they were. */
  readonly unchanged: ReadonlySet<string>;
}

function outcomeOf(parts: ApplyParts, step: Step, applied: AppliedFacts, news: News): InputOutcome {
  const { task, reading, waits: waiting } = step;
  const { id } = task.input;
  const unread = {
    id,
    type: null,
    live: null,
    state: "quarantined",
    reason: "unreadable",
    payment: null,
    dueAt: null,
  } as const;
  if (reading.kind === "unreadable") return { ...unread, reason: reading.reason };
  const { type, live } = reading;
  const read = { ...unread, type, live };
  if (reading.kind === "ignored") return { ...read, state: "ignored", reason: reading.reason };
  if (waiting === "nonce_reused") return { ...read, reason: "nonce_reused" };
  if (waiting === "confirmation") return { ...read, state: "unconfirmed", reason: null, dueAt: parts.now() };

  const facts = enteringFacts(step);
  if (facts.length === 0) return read;
  const payment = paymentOfFacts(facts, applied);
  const standing = payment === null ? undefined : applied.standings.get(payment);
  if (payment === null && facts.some(isPaidInvoice)) return { ...read, ...unexplained(parts, task) };
  return { ...read, payment, ...judge(parts, task, { standing, isNews: isNews(facts, payment, news) }) };
}

/** Money that an invoice says was paid, and that no payment is known to have brought. */
function isPaidInvoice(fact: StoredFact): boolean {
  return fact.kind === "invoice" && fact.status === "paid" && (fact.amount ?? 0n) > 0n;
}

/** Its payment may be told a moment later, or never: Stripe links the two by `invoice_payment.paid` alone since 2025-03-31. */
function unexplained(parts: ApplyParts, task: ApplyTask): ReturnType<typeof judge> {
  const deadline = new Date(task.input.receivedAt.getTime() + PARKED_FOR_MS);
  if (deadline > parts.now()) return { state: "parked", reason: "unexplained", dueAt: deadline };
  return { state: "quarantined", reason: "unexplained", dueAt: null };
}

function isNews(facts: readonly StoredFact[], payment: string | null, news: News): boolean {
  const isKnown = payment !== null && news.unchanged.has(payment);
  return !isKnown && facts.some((fact) => news.facts.has(fact.key));
}

/** The first payment that the facts are about, directly or through a group. */
function paymentOfFacts(facts: readonly StoredFact[], applied: AppliedFacts): string | null {
  for (const fact of facts) {
    const key = objectKey(fact.scope, fact);
    const payment = applied.facts.paymentOf.get(key);
    if (payment !== undefined) return payment;
    const [linked] = applied.facts.linkedTo.get(key) ?? [];
    if (linked !== undefined) return linked;
  }
  return null;
}

function judge(
  parts: ApplyParts,
  task: ApplyTask,
  { standing, isNews: news }: { readonly standing: PaymentStanding | undefined; readonly isNews: boolean },
): { readonly state: InputState; readonly reason: string | null; readonly dueAt: Date | null } {
  const [reason] = standing?.held ?? [];
  if (reason !== undefined) return { state: "quarantined", reason, dueAt: null };
  const channel = parts.channels.get(`${task.input.gateway}/${task.input.account}`);
  const required = channel !== undefined && parts.rules.of(channel.account, channel.provider).orders === "required";
  if (required && standing && !standing.registered) {
    const deadline = new Date(task.input.receivedAt.getTime() + PARKED_FOR_MS);
    if (deadline > parts.now()) return { state: "parked", reason: "unknown_order", dueAt: deadline };
    return { state: "quarantined", reason: "unknown_order", dueAt: null };
  }
  return news
    ? { state: "applied", reason: null, dueAt: null }
    : { state: "stale", reason: "nothing_new", dueAt: null };
}
