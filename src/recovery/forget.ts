import { isGroupKind, type StoredFact } from "../payments/fact.ts";
import type { StoredDecision } from "../payments/state.ts";
import { newId } from "../pipeline/ids.ts";
import { inputOf } from "../pipeline/own-input.ts";
import type { Rules } from "../pipeline/rules.ts";
import type {
  Audit,
  AuditedFact,
  AuditedInput,
  AuditedOrder,
  AuditedSubscription,
  AuditView,
  Erasure,
  EventSnapshot,
  Repair,
} from "../store/audit.ts";
import type { Correction } from "./derive.ts";
import {
  contentOf,
  type Erased,
  erasedSnapshot,
  erasureOf,
  Identity,
  keysOfEmail,
  peopleIn,
  withoutBuyer,
  withoutCustomer,
  withoutPerson,
} from "./erasing.ts";
import { heal } from "./heal.ts";
import { healSubscriptionRow } from "./heal-subscription.ts";
import { seedsOf } from "./neighbourhood.ts";
import { eachPage, type Pages } from "./pages.ts";

export interface ForgetParts {
  readonly audit: Audit;
  readonly rules: Rules;
  readonly now: () => Date;
  readonly identity: Identity;
  /** The customers to remove, aliases too. */
  readonly customers: readonly string[];
  /** Who does it, for the journal. */
  readonly by: string;
  /** Whether issued documents lose the buyer as well. */
  readonly documents: boolean;
}

/** All keys and ids of the customers that an e-mail, or a customer's id, leads to; the e-mail itself where nobody has it. */
export async function whoIs(view: AuditView, who: string): Promise<Pick<ForgetParts, "identity" | "customers">> {
  const own = keysOfEmail(who) ?? [];
  const found = [...(await view.customersOf(own)).values()].flatMap((id) => id ?? []);
  const { keys, customers } = await view.customersWhole(own.length === 0 ? [who] : found);
  return { identity: new Identity([...new Set([...own, ...keys])]), customers };
}

/** How many of each lost what they said of them. */
export type Forgotten = Readonly<Record<(typeof COUNTED)[number], number>>;

const COUNTED = [
  "payments",
  "orders",
  /** Notifications and other inputs whose bodies were emptied. */
  "inputs",
  "events",
  "customers",
  "documents",
  /** Documents that still name them. */
  "documentsKept",
  /** Inputs that wait to be worked on, and could not be emptied. */
  "waiting",
] as const;

const PAGE = { inputs: 100, facts: 500, orders: 100, subscriptions: 50, events: 100 } as const;

/**
 * Erases what is known of one person, and leaves every amount, state, number and hash as it is. Reads through facts, orders
 * and the whole journal, and erases purchase by purchase, each in one transaction under the appliers' locks: the server
 * keeps running, an interrupted run leaves nothing half done, and running it again goes on.
 */
export async function forget(parts: ForgetParts): Promise<Forgotten> {
  const run = new Forgetting(parts);
  await run.facts();
  await run.orders();
  await run.subscriptions();
  await run.otherEvents();
  await run.customers();
  // Last: what was erased above is where the text of the others is looked for.
  await run.inputs();
  return run.forgotten;
}

class Forgetting {
  readonly #parts: ForgetParts;
  readonly #counts = new Map<keyof Forgotten, number>();

  constructor(parts: ForgetParts) {
    this.#parts = parts;
  }

  get forgotten(): Forgotten {
    // Proven: one entry a name, and the names are those of the record.
    return Object.fromEntries(COUNTED.map((name) => [name, this.#counts.get(name) ?? 0])) as Forgotten;
  }

  #count(done: Partial<Forgotten>): void {
    for (const name of COUNTED) this.#counts.set(name, (this.#counts.get(name) ?? 0) + (done[name] ?? 0));
  }

  /** Whoever paid one of a payment's captures paid them all: the payment loses all its buyers. */
  async facts(): Promise<void> {
    const pages: Pages<AuditedFact, string> = {
      first: "",
      read: (view, after) => view.facts(after, PAGE.facts),
      cursorOf: ({ key }) => key,
    };
    let payments = new Set<string>();
    let groups: readonly StoredFact[] = [];
    await eachPage(
      this.#parts.audit,
      pages,
      async (_view, rows) => {
        const theirs = rows.filter(({ fact }) => fact !== null && this.#parts.identity.isBuyerOf(fact));
        payments = new Set(theirs.flatMap(({ payment }) => payment ?? []));
        groups = theirs.flatMap(({ fact }) => (fact && isGroupKind(fact.kind) ? [fact] : []));
      },
      () => undefined,
      async () => {
        for (const payment of payments) await this.#payment(payment);
        for (const fact of groups) await this.#group(fact);
      },
    );
  }

  async #payment(payment: string): Promise<void> {
    const facts = await this.#parts.audit.snapshot((view) => view.factsOf([payment]));
    const left = facts.flatMap(({ fact }) => (fact?.buyer ? [withoutBuyer(fact)] : []));
    if (left.length === 0) return;
    const corrections = left.map(correctionOf);
    await this.#erase({ ...seedsOf(corrections), payments: [payment] }, corrections, async (repair) => {
      const named = await repair.orderPaymentsOf([payment]);
      const orders = await anonymous(
        repair,
        named.filter(({ counts }) => counts).map(({ order }) => order),
      );
      const decisions = await this.#decisions(repair, orders);
      const erased = { payments: new Set([payment]), orders: new Set(orders) };
      const events = await eraseEvents(repair, erased, [...named.map(({ order }) => order), ...orders]);
      const inputs = [...facts.map(({ input }) => input), ...(await repair.inputsAbout(payment)), ...decisions.inputs];
      return { facts: left, inputs, orders, counts: { ...decisions.counts, events, payments: 1 } };
    });
  }

  async #group(fact: StoredFact): Promise<void> {
    const left = withoutBuyer(fact);
    await this.#erase(seedsOf([correctionOf(left)]), [correctionOf(left)], async () => ({
      ...{ facts: [left], inputs: [fact.input], orders: [], counts: {} },
    }));
  }

  async orders(): Promise<void> {
    const pages: Pages<string, string> = {
      first: "",
      read: (view, after) => view.orderReferences(after, PAGE.orders),
      cursorOf: (reference) => reference,
    };
    let theirs: readonly string[] = [];
    await eachPage(
      this.#parts.audit,
      pages,
      async (view, references) => {
        const orders = await view.orders(references);
        theirs = orders
          .filter((order) => hasCustomer(order, ({ email }) => this.#parts.identity.hasEmail(email)))
          .map(({ reference }) => reference);
      },
      () => undefined,
      async () => {
        for (const reference of theirs) await this.#order(reference);
      },
    );
  }

  async #order(reference: string): Promise<void> {
    await this.#erase({ objects: [], payments: [], orders: [reference] }, [], async (repair) => {
      const { inputs, counts } = await this.#decisions(repair, [reference]);
      const erased = { payments: new Set<string>(), orders: new Set([reference]) };
      const events = await eraseEvents(repair, erased, [reference]);
      return { facts: [], inputs, orders: [reference], counts: { ...counts, events } };
    });
  }

  /** Takes the customer out of what was decided about the orders; answers with the inputs that said it. */
  async #decisions(
    repair: Repair,
    references: readonly string[],
  ): Promise<{ readonly inputs: readonly string[]; readonly counts: Partial<Forgotten> }> {
    if (references.length === 0) return { inputs: [], counts: {} };
    const orders = await repair.orders(references);
    const named = orders.flatMap(({ loaded }) => loaded.decisions.filter(namesCustomer));
    await repair.replaceDecisions(named.map(withoutCustomer));
    const documents = this.#parts.documents ? await repair.eraseDocuments(references) : 0;
    const documentsKept = await repair.documentsNaming(references);
    return {
      inputs: named.map(({ input }) => input),
      counts: { orders: references.length, documents, documentsKept },
    };
  }

  /** After their facts: a subscription is folded again from what these still say. */
  async subscriptions(): Promise<void> {
    const { audit, identity } = this.#parts;
    let theirs: readonly AuditedSubscription[] = [];
    await eachPage<AuditedSubscription, string>(
      audit,
      {
        first: "",
        read: (view, after) => view.subscriptions(after, PAGE.subscriptions),
        cursorOf: ({ id }) => id,
      },
      async (_view, rows) => {
        theirs = rows.filter(({ state }) => state !== null && peopleIn(state).some((one) => identity.isBuyerOf(one)));
      },
      () => undefined,
      async () => {
        for (const row of theirs) await healSubscriptionRow(this.#parts, row);
      },
    );
  }

  /**
   * What else was told of them: of subscriptions whose buyer is another by now, and of payments whose buyer an invoice or a
   * subscription told.
   */
  async otherEvents(): Promise<void> {
    const { audit, identity } = this.#parts;
    let changed: readonly { readonly id: string; readonly snapshot: string }[] = [];
    await eachPage<EventSnapshot, bigint>(
      audit,
      {
        first: 0n,
        read: (view, after) => view.eventSnapshots(after, PAGE.events),
        cursorOf: ({ seq }) => seq,
      },
      async (_view, rows) => {
        changed = rows.flatMap(({ id, snapshot }) => {
          const left = withoutPerson(snapshot, identity);
          return left === snapshot ? [] : [{ id, snapshot: left }];
        });
      },
      () => undefined,
      async () => {
        if (changed.length === 0) return;
        await audit.repair((repair) => repair.replaceSnapshots(changed));
        this.#count({ events: changed.length });
      },
    );
  }

  async customers(): Promise<void> {
    const { audit, customers, identity } = this.#parts;
    if (customers.length === 0) return;
    const counts = await audit.repair(async (repair) => {
      await repair.lock(identity.keys.map((key) => `customerKeys:${key}`));
      await repair.lock(["customerMerges:all"]);
      const events = await repair.snapshotsOf(customers.map((id) => `customer.created:${id}`));
      await repair.replaceSnapshots(events.map(({ id, snapshot }) => ({ id, snapshot: withoutNames(snapshot) })));
      const removed = await repair.forgetCustomers(customers);
      await this.#journal(repair, { facts: [], inputs: [], orders: [], counts: {} }, customers);
      return { events: events.length, customers: removed };
    });
    this.#count(counts);
  }

  /** Whatever else came in and has one of their e-mails in it: what was ignored, or said nothing new. */
  async inputs(): Promise<void> {
    const pages: Pages<AuditedInput, bigint> = {
      first: 0n,
      read: (view, after) => view.inputs(after, PAGE.inputs),
      cursorOf: ({ seq }) => seq,
    };
    let theirs: readonly string[] = [];
    let waiting = 0;
    await eachPage(
      this.#parts.audit,
      pages,
      async (_view, rows) => {
        const found = rows.filter(({ kind, body }) => ERASABLE.has(kind) && this.#parts.identity.isIn(body));
        waiting = found.filter(({ dueAt }) => dueAt !== null).length;
        theirs = found.filter(({ dueAt }) => dueAt === null).map(({ id }) => id);
      },
      () => undefined,
      async () => {
        this.#count({ waiting });
        if (theirs.length === 0) return;
        const left = { facts: [], inputs: theirs, orders: [], counts: {} };
        this.#count(await this.#parts.audit.repair((repair) => this.#journal(repair, left)));
      },
    );
  }

  /** One purchase: erased, journaled, and folded anew, in one transaction, which may be tried again. */
  async #erase(
    seeds: Parameters<typeof heal>[1],
    corrections: readonly Correction[],
    work: (repair: Repair) => Promise<Left>,
  ): Promise<void> {
    let counts: Partial<Forgotten> = {};
    await heal(this.#parts, seeds, corrections, async (repair) => {
      counts = await this.#journal(repair, await work(repair));
    });
    this.#count(counts);
  }

  /** Empties the inputs, and journals what was erased: who did it and what is left, with no word of whom. */
  async #journal(repair: Repair, left: Left, customers: readonly string[] = []): Promise<Partial<Forgotten>> {
    const { now, by } = this.#parts;
    const emptied = await repair.emptyInputs([...new Set(left.inputs)]);
    const subjects: readonly Erasure[] = [
      ...left.facts.map((fact) => ({ subject: erasureOf("fact", fact.key), rest: contentOf(fact) })),
      ...emptied.map((id) => ({ subject: erasureOf("input", id), rest: "" })),
    ];
    const at = now();
    const content = { by, subjects, orders: left.orders, customers };
    const input = inputOf("erasure", `erasure/${newId("inp", at)}`, content, at);
    await repair.journal([{ ...input, reason: null }]);
    await repair.recordErasures(subjects.map((erasure) => ({ ...erasure, input: input.id })));
    return { ...left.counts, inputs: emptied.length };
  }
}

/** What is journaled of one erasure. */
interface Left {
  /** As they are now. */
  readonly facts: readonly StoredFact[];
  /** To be emptied. */
  readonly inputs: readonly string[];
  readonly orders: readonly string[];
  readonly counts: Partial<Forgotten>;
}

/** Those of the orders that name a buyer without an e-mail: whose should that be but the payer's? */
async function anonymous(repair: Repair, references: readonly string[]): Promise<readonly string[]> {
  const orders = references.length === 0 ? [] : await repair.orders(references);
  return orders.filter((order) => hasCustomer(order, ({ email }) => email === null)).map(({ reference }) => reference);
}

/** Answers with how many events were changed. */
async function eraseEvents(repair: Repair, erased: Erased, orders: readonly string[]): Promise<number> {
  const events = await repair.snapshotsAbout({ payments: [...erased.payments], orders });
  const changed = events.flatMap(({ id, snapshot }) => {
    const left = erasedSnapshot(snapshot, erased);
    return left === snapshot ? [] : [{ id, snapshot: left }];
  });
  await repair.replaceSnapshots(changed);
  return changed.length;
}

/** What people and gateways sent about a purchase; loads and erasures name nobody. */
const ERASABLE: ReadonlySet<string> = new Set(["notification", "answer", "decision", "outside_payment"]);

function correctionOf(fact: StoredFact): Correction {
  return { input: fact.input, put: [fact], gone: [], goneKeys: [] };
}

function namesCustomer(decision: StoredDecision): boolean {
  return "expectation" in decision && decision.expectation.customer !== null;
}

function hasCustomer(
  { loaded }: AuditedOrder,
  isTheirs: (customer: { readonly email: string | null }) => boolean,
): boolean {
  return loaded.decisions.some(
    (decision) =>
      "expectation" in decision && decision.expectation.customer !== null && isTheirs(decision.expectation.customer),
  );
}

function withoutNames(snapshot: string): string {
  const { customer, ...rest } = JSON.parse(snapshot) as { readonly customer?: object }; // Proven: `createdEvent` wrote it.
  return JSON.stringify({ ...rest, customer: { ...customer, email: null, name: null } });
}
