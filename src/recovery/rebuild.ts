import { isGroupKind } from "../payments/fact.ts";
import { readSubject } from "../payments/ledger.ts";
import type { StoredDecision } from "../payments/state.ts";
import { newId } from "../pipeline/ids.ts";
import { NOTHING_WRITTEN } from "../pipeline/nothing-written.ts";
import type { Rules } from "../pipeline/rules.ts";
import type { Audit, AuditedEvent, AuditedFact, AuditedInput, AuditedSubscription, AuditView } from "../store/audit.ts";
import type { Posting, PostingPlace } from "../store/effect-rows.ts";
import { checkPaymentCustomers } from "./check-customers.ts";
import { checkEvents } from "./check-events.ts";
import { checkFacts } from "./check-facts.ts";
import { checkPayoutsPosted, checkPostings, payoutOf } from "./check-ledger.ts";
import { checkObjects } from "./check-objects.ts";
import { checkOrders } from "./check-orders.ts";
import { checkPayments } from "./check-payments.ts";
import { checkLevels, FIRST_PLACE, type LostLoad, lostLoads, nameOf, placeOf } from "./check-stock.ts";
import { checkSubscriptions, lostSubscriptions, subscriptionsNamed } from "./check-subscriptions.ts";
import { type Correction, deriveFacts, type Readers } from "./derive.ts";
import { differences } from "./difference.ts";
import { Findings } from "./finding.ts";
import { heal } from "./heal.ts";
import { healPayout } from "./heal-ledger.ts";
import { recount, restoreLoad } from "./heal-stock.ts";
import { healSubscription, healSubscriptionRow } from "./heal-subscription.ts";
import { lostDecisions } from "./lost-decisions.ts";
import { neighbourhood, type Seeds, seedsOf } from "./neighbourhood.ts";
import { eachPage, type Pages } from "./pages.ts";
import { hasChanged, planOf } from "./plan.ts";

export interface RebuildParts extends Readers {
  readonly audit: Audit;
  readonly rules: Rules;
  readonly now: () => Date;
  /** Whether to put right what differs; else it is only shown. */
  readonly apply: boolean;
  /** With `apply`: remove events that no fact bears out. What was told once is kept otherwise. */
  readonly retractEvents: boolean;
  readonly onProgress?: (progress: { readonly part: string; readonly done: number; readonly of: number }) => void;
}

export interface RebuildReport {
  /** What differs, or did before it was put right. */
  readonly findings: Findings;
  /** What still differs after it was to be put right; with nothing applied, the same as `findings`. */
  readonly remaining: Findings;
  readonly read: {
    readonly inputs: number;
    /** Inputs of which the stored facts had to stand: no adapter, account or body could say them again. */
    readonly kept: number;
    /** Of the kept ones, those whose bodies are no longer there (`KEEP_BODIES_DAYS`). */
    readonly emptied: number;
    readonly facts: number;
    readonly payments: number;
    readonly orders: number;
    /** Levels of the stock. */
    readonly stock: number;
    readonly subscriptions: number;
    /** Lines of the ledger. */
    readonly postings: number;
  };
  readonly milliseconds: number;
}

const PAGE = {
  inputs: 200,
  facts: 500,
  objects: 1_000,
  payments: 100,
  orders: 100,
  subscriptions: 20,
  stock: 20,
  postings: 500,
  events: 500,
} as const;

/**
 * Folds everything again: inputs in the order of the journal are read by today's adapters into facts, facts are folded into
 * payments, these with the decisions into orders, and each is compared with what is stored.
 *
 * No row of the fresh projections outlives its page, so memory is a page's. That is complete without a table of all
 * objects, because whether facts are parted rightly shows in each payment alone: its facts make one purchase, and every
 * object that they name belongs to it in a table where an object has one owner. Where this holds everywhere, two facts
 * that name one object lie in one payment; so payments are exactly the purchases.
 *
 * For the same reason it is put right purchase by purchase, each in one transaction under the appliers' locks: the server
 * keeps running, an interrupted run leaves nothing half done, and running it again goes on.
 */
export async function rebuild(parts: RebuildParts): Promise<RebuildReport> {
  const began = performance.now();
  const run = new Run(parts);
  const sizes = await parts.audit.snapshot((view) => view.sizes());
  // First: what is put right later goes on from these levels.
  const stock = await run.stock(sizes.stock);
  const inputs = await run.inputs(sizes.inputs);
  const facts = await run.facts(sizes.facts);
  await run.objects(sizes.objects);
  const payments = await run.payments(sizes.payments);
  const orders = await run.orders(sizes.orders);
  const subscriptions = await run.subscriptions(sizes.subscriptions);
  const postings = await run.postings(sizes.postings);
  await run.events(sizes.events);
  return {
    findings: run.findings,
    remaining: parts.apply ? run.remaining : run.findings,
    read: { ...inputs, facts, payments, orders, subscriptions, stock, postings },
    milliseconds: Math.round(performance.now() - began),
  };
}

class Run {
  readonly findings = new Findings();
  readonly remaining = new Findings();
  readonly #parts: RebuildParts;

  constructor(parts: RebuildParts) {
    this.#parts = parts;
  }

  async inputs(of: number): Promise<{ inputs: number; kept: number; emptied: number }> {
    let inputs = 0;
    let kept = 0;
    let emptied = 0;
    const pages: Pages<AuditedInput, bigint> = {
      first: 0n,
      read: (view, after) => view.inputs(after, PAGE.inputs),
      cursorOf: ({ seq }) => seq,
    };
    let corrections: readonly Correction[] = [];
    let lost: readonly StoredDecision[] = [];
    let loads: readonly LostLoad[] = [];
    let page: readonly AuditedInput[] = [];
    await eachPage(
      this.#parts.audit,
      pages,
      async (view, rows) => {
        const derived = await deriveFacts(view, rows, this.#parts, this.findings.report);
        inputs += derived.read;
        kept += derived.kept;
        emptied += derived.emptied;
        corrections = derived.corrections;
        page = rows;
        loads = await lostLoads(view, rows, this.findings.report);
        lost = await lostDecisions(view, rows);
        for (const { order, sequence } of lost)
          this.findings.report("order_decisions", order, `decision ${sequence} is in the journal alone`);
        if (!this.#parts.apply) for (const one of corrections) await this.#foretell(view, one);
      },
      (rows) => this.#progress("inputs", rows, of),
      async () => {
        if (!this.#parts.apply) return;
        for (const decision of lost) await this.#restore(decision);
        for (const load of loads) await restoreLoad(this.#parts, load);
        for (const correction of corrections) await this.#heal(correction.input, seedsOf([correction]), [correction]);
        const wrong = new Set(corrections.map(({ input }) => input));
        const again = page.filter(({ id }) => wrong.has(id));
        if (again.length > 0)
          await this.#parts.audit.snapshot((view) => deriveFacts(view, again, this.#parts, this.remaining.report));
      },
    );
    return { inputs, kept, emptied };
  }

  async facts(of: number): Promise<number> {
    return this.#compare<AuditedFact, string>("facts", of, {
      first: "",
      read: (view, after) => view.facts(after, PAGE.facts),
      cursorOf: ({ key }) => key,
      check: async (view, rows, findings) => {
        await checkFacts(view, rows, findings.report);
        await checkPayoutsPosted(view, this.#parts.rules, rows, findings.report);
        if (this.#parts.rules.effects.has("subscriptions")) await lostSubscriptions(view, rows, findings.report);
      },
      putRight: async (row) => {
        const payout = payoutOf(row);
        if (payout !== null) await healPayout(this.#parts, payout.key);
        if (!this.#parts.rules.effects.has("subscriptions")) return;
        for (const name of subscriptionsNamed(row)) await healSubscription(this.#parts, name);
      },
      again: (view, subjects) => view.factsByKey(subjects),
      subjectOf: ({ key }) => key,
      seedsOf: ({ objectKey, payment }) => ({ objects: [objectKey], payments: payment === null ? [] : [payment] }),
      // A group's fact is no payment's: it is written again as it is, with its links.
      correctionOf: ({ input, fact }) =>
        fact && isGroupKind(fact.kind) ? { input, put: [fact], gone: [], goneKeys: [] } : null,
    });
  }

  async objects(of: number): Promise<void> {
    await this.#compare<{ readonly key: string; readonly payment: string }, string>("objects", of, {
      first: "",
      read: (view, after) => view.objects(after, PAGE.objects),
      cursorOf: ({ key }) => key,
      check: (view, rows, findings) => checkObjects(view, rows, findings.report),
      again: (view, subjects) => view.objectsOf(subjects),
      subjectOf: ({ payment }) => payment,
      seedsOf: ({ key, payment }) => ({ objects: [key], payments: [payment] }),
    });
  }

  async payments(of: number): Promise<number> {
    const { rules } = this.#parts;
    return this.#compare("payments", of, {
      first: "",
      read: (view, after) => view.payments(after, PAGE.payments),
      cursorOf: ({ id }) => id,
      check: async (view, rows, findings) => {
        await checkPayments(view, rules, rows, findings.report);
        await checkPaymentCustomers(view, rules, rows, findings.report);
      },
      again: (view, subjects) => view.paymentsById(subjects),
      subjectOf: ({ id }) => id,
      seedsOf: ({ id }) => ({ objects: [], payments: [id] }),
    });
  }

  async orders(of: number): Promise<number> {
    const { rules } = this.#parts;
    return this.#compare("orders", of, {
      first: "",
      read: (view, after) => view.orderReferences(after, PAGE.orders),
      cursorOf: (reference) => reference,
      check: (view, rows, findings) => checkOrders(view, rules, rows, findings.report),
      again: (_view, subjects) => Promise.resolve(subjects),
      subjectOf: (reference) => reference,
      seedsOf: (reference) => ({ objects: [], payments: [], orders: [reference] }),
    });
  }

  stock(of: number): Promise<number> {
    return this.#compare("stock", of, {
      first: FIRST_PLACE,
      read: (view, after) => view.levels(after, PAGE.stock),
      cursorOf: ({ place }) => place,
      check: (_view, rows, findings) => Promise.resolve(checkLevels(rows, findings.report)),
      again: (view, subjects) => view.levelsAt(subjects.map(placeOf)),
      subjectOf: ({ place }) => nameOf(place),
      seedsOf: () => null,
      putRight: ({ place }) => recount(this.#parts, place),
    });
  }

  async subscriptions(of: number): Promise<number> {
    if (!this.#parts.rules.effects.has("subscriptions")) return 0;
    return this.#compare<AuditedSubscription, string>("subscriptions", of, {
      first: "",
      read: (view, after) => view.subscriptions(after, PAGE.subscriptions),
      cursorOf: ({ id }) => id,
      check: (view, rows, findings) => checkSubscriptions(view, rows, findings.report),
      again: (view, subjects) => view.subscriptionsById(subjects),
      subjectOf: ({ id }) => id,
      seedsOf: () => null,
      putRight: (row) => healSubscriptionRow(this.#parts, row),
    });
  }

  /** What was posted stays: entries of what no longer exists are made good by others. */
  postings(of: number): Promise<number> {
    return this.#compare<Posting, PostingPlace | null>("postings", of, {
      first: null,
      read: (view, after) => view.postings(after, { limit: PAGE.postings }),
      cursorOf: (line) => line,
      check: (view, rows, findings) => checkPostings(view, this.#parts.rules, rows, findings.report),
      again: (view, subjects) => view.postingsOf(subjects),
      subjectOf: ({ subject }) => subject,
      seedsOf: ({ subject }) => {
        const { order, payment } = readSubject(subject);
        if (order !== null) return { objects: [], payments: [], orders: [order] };
        return payment === null ? null : { objects: [], payments: [payment] };
      },
      putRight: async ({ subject }) => {
        const { payout } = readSubject(subject);
        if (payout !== null) await healPayout(this.#parts, payout);
      },
    });
  }

  /** What was told is kept, right or wrong: it may have been delivered. Unless its removal was asked for. */
  async events(of: number): Promise<void> {
    await this.#compare<AuditedEvent, bigint>("events", of, {
      first: 0n,
      read: (view, after) => view.events(after, PAGE.events),
      cursorOf: ({ seq }) => seq,
      check: (view, rows, findings) => checkEvents(view, rows, findings.report),
      again: (view, subjects) => view.eventsById(subjects),
      subjectOf: ({ id }) => id,
      seedsOf: () => null,
    });
  }

  /** One table: compare a page, put right its subjects, compare these again. */
  async #compare<Row, Cursor>(part: string, of: number, table: Table<Row, Cursor>): Promise<number> {
    let count = 0;
    let wrong: readonly Row[] = [];
    await eachPage(
      this.#parts.audit,
      table,
      async (view, rows) => {
        const page = new Findings(Number.POSITIVE_INFINITY);
        await table.check(view, rows, page);
        this.findings.add(page);
        wrong = rows.filter((row) => page.subjects.has(table.subjectOf(row)));
      },
      (rows) => {
        count += rows;
        this.#progress(part, rows, of);
      },
      async () => {
        if (this.#parts.apply && wrong.length > 0) await this.#putRight(table, wrong);
      },
    );
    return count;
  }

  async #putRight<Row, Cursor>(table: Table<Row, Cursor>, rows: readonly Row[]): Promise<void> {
    for (const row of rows) {
      await table.putRight?.(row);
      const correction = table.correctionOf?.(row) ?? null;
      const seeds = correction ? seedsOf([correction]) : table.seedsOf(row);
      if (seeds) await this.#heal(table.subjectOf(row), seeds, correction ? [correction] : []);
    }
    const subjects = [...new Set(rows.map(table.subjectOf))];
    let left = await this.#again(table, subjects);
    const events = left.kept.flatMap(({ event }) => event ?? []);
    if (this.#parts.retractEvents && events.length > 0) {
      await this.#parts.audit.repair((repair) => repair.forget({ events }));
      left = await this.#again(table, subjects);
    }
    this.remaining.add(left);
  }

  #again<Row, Cursor>(table: Table<Row, Cursor>, subjects: readonly string[]): Promise<Findings> {
    return this.#parts.audit.snapshot(async (view) => {
      const left = new Findings(Number.POSITIVE_INFINITY);
      await table.check(view, await table.again(view, subjects), left);
      return left;
    });
  }

  async #heal(
    subject: string,
    seeds: Seeds & { readonly orders?: readonly string[] },
    corrections: readonly Correction[] = [],
  ): Promise<void> {
    try {
      await heal(this.#parts, seeds, corrections);
    } catch (error) {
      if (!(error instanceof Error) || error.name === "StoreError") throw error;
      this.remaining.report("fact_derived", subject, `could not be put right: ${error.message}`);
    }
  }

  /** What the corrections of an input would change, where they are not applied. */
  async #foretell(view: AuditView, correction: Correction): Promise<void> {
    const near = await neighbourhood(view, seedsOf([correction]), [correction]);
    const plan = await planOf(view, near, [correction], () => newId("pay", this.#parts.now()));
    for (const payment of plan.payments.filter(hasChanged)) {
      const detail = payment.before
        ? differences(payment.before.state, payment.expected.state)
        : `a payment of ${payment.expected.facts.length} facts that is not stored`;
      this.findings.report(
        "payment_state",
        payment.before?.id ?? correction.input,
        `by ${correction.input}: ${detail}`,
      );
    }
    for (const { id } of plan.baseless) this.findings.report("payment_parts", id, "no fact is left of it");
  }

  async #restore(decision: StoredDecision): Promise<void> {
    const { audit } = this.#parts;
    await audit.repair(async (repair) => {
      await repair.lock([`orders:${decision.order}`]);
      const known = await repair.decisionsOf([decision.order]);
      if (known.some(({ sequence }) => sequence === decision.sequence)) return;
      await repair.write({ ...NOTHING_WRITTEN, decisions: [decision] });
    });
    await heal(this.#parts, { objects: [], payments: [], orders: [decision.order] });
  }

  readonly #done = new Map<string, number>();

  #progress(part: string, rows: number, of: number): void {
    const done = (this.#done.get(part) ?? 0) + rows;
    this.#done.set(part, done);
    this.#parts.onProgress?.({ part, done, of });
  }
}

interface Table<Row, Cursor> extends Pages<Row, Cursor> {
  check(view: AuditView, rows: readonly Row[], findings: Findings): Promise<void>;
  /** The rows of these subjects as they are now. */
  again(view: AuditView, subjects: readonly string[]): Promise<readonly Row[]>;
  subjectOf(row: Row): string;
  correctionOf?(row: Row): Correction | null;
  /** Where folding anew is not what puts it right. */
  putRight?(row: Row): Promise<void>;
  /** Null where nothing is folded anew. */
  seedsOf(row: Row): (Seeds & { readonly orders?: readonly string[] }) | null;
}
