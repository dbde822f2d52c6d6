import type { OrderState, PaymentState } from "../../payments/state.ts";
import type { CustomerLink, EffectRows, NewCustomer } from "../../store/effect-rows.ts";
import type { NewEvent, Transaction } from "../../store/store.ts";
import { newId } from "../ids.ts";
import type { HeldLocks } from "../locks.ts";
import { emailKey, keysOfPayment, shownKey } from "./customer-keys.ts";
import type { Effect } from "./effect.ts";
import { type EffectResult, NO_EFFECT } from "./result.ts";

/** An order or a payment with what it says of its customer. */
export interface CustomerSubject {
  readonly kind: CustomerLink["kind"];
  readonly subject: string;
  /** Not empty; the strongest first. */
  readonly keys: readonly string[];
  readonly live: boolean;
  readonly name: string | null;
}

/** More keys than anybody has: two customers that have more between them stay two, whoever typed what. */
const MAX_KEYS = 20;

/** Finds or opens the customers of changed orders and payments. Says nothing about who anybody is. */
export const gatherCustomers: Effect = (transaction, held, { orders, payments, now }) => {
  const subjects = [
    ...orders.flatMap(({ state, before }) =>
      news(subjectOfOrder(state), before.record && subjectOfOrder(before.record.state)),
    ),
    ...payments.flatMap(({ id, state, folded: { before } }) =>
      news(subjectOfPayment(id, state), before && subjectOfPayment(id, before.state)),
    ),
  ];
  return gather(transaction, held, subjects, now);
};

/** Nothing where the same was said when it was committed last. */
function news(now: CustomerSubject | null, before: CustomerSubject | null): readonly CustomerSubject[] {
  if (now === null || (before?.keys.join() === now.keys.join() && before.name === now.name)) return [];
  return [now];
}

export function subjectOfOrder({ reference, expectation }: OrderState): CustomerSubject | null {
  const key = emailKey(expectation?.customer?.email, expectation?.live ?? false);
  if (expectation === null || key === null) return null;
  return {
    kind: "order",
    subject: reference,
    keys: [key],
    live: expectation.live,
    name: expectation.customer?.name ?? null,
  };
}

export function subjectOfPayment(id: string, state: PaymentState): CustomerSubject | null {
  const keys = keysOfPayment(state);
  if (keys.length === 0) return null;
  return { kind: "payment", subject: id, keys, live: state.scope.live, name: state.buyer?.name ?? null };
}

export async function gather(
  transaction: Pick<Transaction, "findCustomers" | "countCustomerKeys">,
  held: Pick<HeldLocks, "take">,
  subjects: readonly CustomerSubject[],
  now: Date,
): Promise<EffectResult> {
  if (subjects.length === 0) return NO_EFFECT;
  const keys = [...new Set(subjects.flatMap((subject) => subject.keys))];
  held.take("customerKeys", keys);
  const customers = new Customers(await transaction.findCustomers(keys), new Map(), now);
  for (const subject of subjects) customers.add(subject);
  if (!customers.mergesAny) return customers.result();
  // One at a time, so that an alias never leads to another alias; what is known is asked again under the lock.
  held.take("customerMerges", ["all"]);
  const known = await transaction.findCustomers(keys);
  const counts = await transaction.countCustomerKeys([...new Set(known.map(({ customer }) => customer))]);
  const merging = new Customers(known, counts, now);
  for (const subject of subjects) merging.add(subject);
  return merging.result();
}

/** The customers of one transaction, under the locks of their keys. */
class Customers {
  readonly #now: Date;
  readonly #byKey = new Map<string, string>();
  readonly #names = new Map<string, string | null>();
  readonly #counts: Map<string, number>;
  readonly #written = new Map<string, NewCustomer>();
  readonly #keys: { readonly key: string; readonly customer: string }[] = [];
  readonly #links: CustomerLink[] = [];
  readonly #merged = new Map<string, string>();
  /** New ones, with what is told of them. */
  readonly #opened = new Map<string, NewEvent>();

  constructor(
    known: Awaited<ReturnType<Transaction["findCustomers"]>>,
    counts: ReadonlyMap<string, number>,
    now: Date,
  ) {
    this.#now = now;
    this.#counts = new Map(counts);
    for (const { key, customer, name } of known) {
      this.#byKey.set(key, customer);
      this.#names.set(customer, name);
    }
  }

  get mergesAny(): boolean {
    return this.#merged.size > 0;
  }

  add({ kind, subject, keys, live, name }: CustomerSubject): void {
    const known = this.#of(keys);
    const customer = known.length === 0 ? this.#open(live, name, keys) : this.#join(known, live);
    for (const key of keys.filter((one) => !this.#byKey.has(one))) {
      this.#byKey.set(key, customer);
      this.#keys.push({ key, customer });
      this.#counts.set(customer, (this.#counts.get(customer) ?? 0) + 1);
    }
    // The merchant's word goes over what a payer typed.
    const before = this.#names.get(customer) ?? null;
    if (name !== null && name !== before && (before === null || kind === "order")) this.#call(customer, live, name);
    this.#links.push({ kind, subject, customer });
  }

  /** Without customers that were opened here and turned out to be others at once. */
  result(): EffectResult {
    const rows: Partial<EffectRows> = {
      customers: [...this.#written.values()].filter(({ id }) => !this.#merged.has(id)),
      customerKeys: this.#keys.map(({ key, customer }) => ({ key, customer: this.#survivor(customer) })),
      customerLinks: this.#links.map((link) => ({ ...link, customer: this.#survivor(link.customer) })),
      customersMerged: [...this.#merged.keys()]
        .filter((from) => !this.#opened.has(from))
        .map((from) => ({ from, into: this.#survivor(from) })),
    };
    const events = [...this.#opened].filter(([id]) => !this.#merged.has(id)).map(([, event]) => event);
    return { rows, events };
  }

  #of(keys: readonly string[]): readonly string[] {
    return [...new Set(keys.flatMap((key) => this.#byKey.get(key) ?? []).map((id) => this.#survivor(id)))];
  }

  /** The first committed keeps its id: ids are ordered by time. The first key's customer where they are too many. */
  #join(known: readonly string[], live: boolean): string {
    const [first = "", ...others] = known;
    const keys = known.reduce((sum, id) => sum + (this.#counts.get(id) ?? 0), 0);
    if (others.length === 0 || keys > MAX_KEYS) return first;
    const survivor = [...known].sort()[0] ?? first;
    for (const id of known) if (id !== survivor) this.#merged.set(id, survivor);
    this.#counts.set(survivor, keys);
    const name =
      this.#names.get(survivor) ?? known.map((id) => this.#names.get(id) ?? null).find((one) => one !== null);
    if (name != null && name !== this.#names.get(survivor)) this.#call(survivor, live, name);
    return survivor;
  }

  #survivor(id: string): string {
    let survivor = id;
    for (let next = this.#merged.get(id); next !== undefined; next = this.#merged.get(next)) survivor = next;
    return survivor;
  }

  #open(live: boolean, name: string | null, keys: readonly string[]): string {
    const id = newId("cus", this.#now);
    this.#call(id, live, name);
    this.#opened.set(id, createdEvent(id, { live, name, keys }, this.#now));
    return id;
  }

  #call(id: string, live: boolean, name: string | null): void {
    this.#names.set(id, name);
    this.#written.set(id, { id, live, name });
  }
}

function createdEvent(
  id: string,
  { live, name, keys }: { readonly live: boolean; readonly name: string | null; readonly keys: readonly string[] },
  now: Date,
): NewEvent {
  const email = keys.map(shownKey).find((key) => key.kind === "email")?.email ?? null;
  return {
    id: newId("evt", now),
    type: "customer.created",
    key: `customer.created:${id}`,
    payment: null,
    order: null,
    sequence: 1,
    live,
    snapshot: JSON.stringify({ customer: { id, email, name, live } }),
  };
}
