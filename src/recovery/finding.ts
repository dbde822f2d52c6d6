/** What a check may find broken, each law by one word: in reports, in metrics' labels, in scripts that read `--json`. */
export const LAWS = {
  payment_state: "a payment is what its facts say",
  payment_columns: "a payment's columns say what its state says",
  payment_parts: "the facts of a payment are one purchase, and every purchase is one payment",
  payment_objects: "every object belongs to the payment of its facts",
  payment_alias: "an alias stands for a payment, and owns nothing",
  payment_amounts: "amounts stay within their bounds, and in one currency",
  payment_orders: "a payment is listed with the orders that it names, and no others",
  payment_events: "what is true of a payment is told once, and nothing else",
  fact_content: "a fact is as it was written",
  fact_place: "a fact lies where its object lies",
  fact_input: "a fact came with an input",
  fact_links: "links between objects are those that facts name",
  fact_derived: "stored facts are what the inputs say",
  order_state: "an order is what its decisions and payments say",
  order_columns: "an order's columns say what its state says",
  order_decisions: "decisions are numbered without gaps, and each came with an input",
  order_payments: "an order's payments are judged as its state says",
  order_events: "what is true of an order is told once, and nothing else",
  customer_link: "an order or payment is a customer's whom its e-mail or payer leads to",
  order_stock: "an order has taken of the stock what its state says, and what its movements come to",
  stock_level: "a level is what its movements come to, numbered without gaps",
  stock_loaded: "what was loaded into the stock is what the journal says",
  order_licenses: "every paid unit has its key or waits for it, and what was given back has none",
  order_downloads: "what may be downloaded is granted",
  license_key: "a license key is as it was loaded, and is an order's that exists",
  license_load: "what was loaded is there, as it was",
  subscription_state: "a subscription is what its facts say",
  subscription_columns: "a subscription's columns say what its state says",
  subscription_events: "what is true of a subscription is told",
  ledger_posted: "what is posted of a payment or an order is what it comes to",
  ledger_entry: "a ledger's entry sums to zero in each currency, and came with an input",
  input_body: "a notification is stored as it came",
  input_chain: "what was sealed of the journal is there, as it was",
  input_erased: "what was erased for somebody's sake is what the journal says",
  input_outcome: "an input has an outcome with its reason, or waits",
  input_waiting: "what waits is worked on",
  input_payment: "an input names a payment that exists",
  guards: "the database refuses to change what never changes",
  event_subject: "an event is about something that exists",
} as const;

export type Law = keyof typeof LAWS;

export interface Finding {
  readonly law: Law;
  /** Whose: `pay_…`, an order's reference, a fact's key, an input's or an event's id. */
  readonly subject: string;
  readonly detail: string;
  /** The event that should not be, where that is what was found. */
  readonly event?: string;
}

export type Report = (law: Law, subject: string, detail: string, event?: string) => void;

/** Enough to see what is wrong; all are counted. */
const KEPT = 200;

/** Findings of a run: counted all, kept within bounds, none twice. */
export class Findings {
  readonly #kept: Finding[] = [];
  readonly #counts = new Map<Law, number>();
  readonly #known = new Set<string>();
  readonly #keep: number;

  /** `keep`: how many of one law are kept whole. */
  constructor(keep = KEPT) {
    this.#keep = keep;
  }

  readonly report: Report = (law, subject, detail, event) => {
    const name = `${law}/${subject}/${detail}`;
    if (this.#known.has(name)) return;
    const count = (this.#counts.get(law) ?? 0) + 1;
    this.#counts.set(law, count);
    if (count > this.#keep) return;
    this.#known.add(name);
    this.#kept.push({ law, subject, detail, ...(event !== undefined && { event }) });
  };

  add(others: Findings): void {
    for (const { law, subject, detail, event } of others.kept) this.report(law, subject, detail, event);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get counts(): ReadonlyMap<Law, number> {
    return this.#counts;
  }

  get kept(): readonly Finding[] {
    return this.#kept;
  }

  get subjects(): ReadonlySet<string> {
    return new Set(this.#kept.map(({ subject }) => subject));
  }
}
