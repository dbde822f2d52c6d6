import type { Rules } from "../pipeline/rules.ts";
import type { Audit, AuditView } from "../store/audit.ts";
import type { Posting, PostingPlace } from "../store/effect-rows.ts";
import { checkPaymentCustomers } from "./check-customers.ts";
import { checkEvents } from "./check-events.ts";
import { checkFacts } from "./check-facts.ts";
import { checkLicenseKeys, checkLoads } from "./check-goods.ts";
import { checkInputs } from "./check-inputs.ts";
import { checkPayoutsPosted, checkPostings } from "./check-ledger.ts";
import { checkObjects } from "./check-objects.ts";
import { checkOrders } from "./check-orders.ts";
import { checkPayments } from "./check-payments.ts";
import { checkKnownSeal, checkSeals, type KnownSeal } from "./check-seals.ts";
import { checkLevels, FIRST_PLACE, lostLoads } from "./check-stock.ts";
import { checkSubscriptions, lostSubscriptions } from "./check-subscriptions.ts";
import { Findings, type Report } from "./finding.ts";
import { eachPage, type Pages } from "./pages.ts";

export interface CheckParts {
  readonly audit: Audit;
  readonly rules: Rules;
  readonly now: () => Date;
  /** A seal that was kept elsewhere, to be found again. */
  readonly seal?: KnownSeal;
  /** Told after each page. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly part: Part;
  readonly done: number;
  /** About; 0 where nobody knows. */
  readonly of: number;
}

const PARTS = [
  "inputs",
  "seals",
  "facts",
  "objects",
  "payments",
  "orders",
  "subscriptions",
  "stock",
  "licenses",
  "postings",
  "events",
] as const;
export type Part = (typeof PARTS)[number];

export interface CheckReport {
  readonly findings: Findings;
  readonly checked: Readonly<Record<Part, number>>;
  /** Inputs whose bodies are no longer kept: nobody can compare them with what came. */
  readonly emptied: number;
  /** The newest, to be kept elsewhere; null while nothing is sealed. */
  readonly seal: KnownSeal | null;
  readonly milliseconds: number;
}

/** A payment has a handful of facts; an input brings its body along. */
const PAGE = {
  inputs: 200,
  seals: 5,
  facts: 500,
  objects: 1_000,
  payments: 100,
  orders: 100,
  // A subscription of some years has hundreds of facts.
  subscriptions: 20,
  stock: 20,
  licenses: 500,
  postings: 500,
  events: 500,
} as const;

/**
 * Verifies a database against the laws while it is written to: page by page, each page in one committed moment, so that a
 * transaction under way is seen whole or not at all. Memory is a page's, whatever the database holds. Rejects with a
 * StoreError when the database can't be read.
 */
export async function check(parts: CheckParts): Promise<CheckReport> {
  const began = performance.now();
  const findings = new Findings();
  const { sizes, seal } = await parts.audit.snapshot(async (view) => {
    for (const guard of await view.brokenGuards()) findings.report("guards", guard, GUARD_DETAIL);
    if (parts.seal) await checkKnownSeal(view, parts.seal, findings.report);
    return { sizes: await view.sizes(), seal: await view.newestSeal() };
  });
  const checked: Record<Part, number> = {
    inputs: 0,
    seals: 0,
    facts: 0,
    objects: 0,
    payments: 0,
    orders: 0,
    stock: 0,
    licenses: 0,
    subscriptions: 0,
    postings: 0,
    events: 0,
  };
  let emptied = 0;
  const onEmptied = (inputs: number): void => {
    emptied += inputs;
  };
  for (const part of PARTS) {
    await PAGES[part]({ ...parts, onEmptied }, findings.report, (rows) => {
      checked[part] += rows;
      parts.onProgress?.({ part, done: checked[part], of: sizes[part] });
    });
  }
  return { findings, checked, emptied, seal, milliseconds: Math.round(performance.now() - began) };
}

interface RunParts extends CheckParts {
  /** Told how many inputs of a page have no body any more. */
  readonly onEmptied: (inputs: number) => void;
}

const GUARD_DETAIL = "does not stand: nothing refuses changes by hand";

type Run = (parts: RunParts, report: Report, onPage: (rows: number) => void) => Promise<void>;

function run<Row, Cursor>(
  pages: Pages<Row, Cursor>,
  work: (view: AuditView, rows: readonly Row[], parts: RunParts, report: Report) => Promise<void>,
): Run {
  return (parts, report, onPage) =>
    eachPage(parts.audit, pages, (view, rows) => work(view, rows, parts, report), onPage);
}

const PAGES: Readonly<Record<Part, Run>> = {
  inputs: run(
    { first: 0n, read: (view, after) => view.inputs(after, PAGE.inputs), cursorOf: ({ seq }) => seq },
    async (view, rows, { now, onEmptied }, report) => {
      onEmptied(rows.filter(({ isEmptied }) => isEmptied).length);
      await lostLoads(view, rows, report);
      await checkLoads(view, rows, report);
      await checkInputs(view, rows, now(), report);
    },
  ),
  seals: run(
    { first: 0, read: (view, after) => view.seals(after, PAGE.seals), cursorOf: ({ number }) => number },
    (view, rows, _parts, report) => checkSeals(view, rows, report),
  ),
  facts: run(
    { first: "", read: (view, after) => view.facts(after, PAGE.facts), cursorOf: ({ key }) => key },
    async (view, rows, { rules }, report) => {
      await checkFacts(view, rows, report);
      await checkPayoutsPosted(view, rules, rows, report);
      if (rules.effects.has("subscriptions")) await lostSubscriptions(view, rows, report);
    },
  ),
  objects: run(
    { first: "", read: (view, after) => view.objects(after, PAGE.objects), cursorOf: ({ key }) => key },
    (view, rows, _parts, report) => checkObjects(view, rows, report),
  ),
  payments: run(
    { first: "", read: (view, after) => view.payments(after, PAGE.payments), cursorOf: ({ id }) => id },
    async (view, rows, { rules }, report) => {
      await checkPayments(view, rules, rows, report);
      await checkPaymentCustomers(view, rules, rows, report);
    },
  ),
  orders: run(
    { first: "", read: (view, after) => view.orderReferences(after, PAGE.orders), cursorOf: (reference) => reference },
    (view, rows, { rules }, report) => checkOrders(view, rules, rows, report),
  ),
  licenses: run(
    { first: 0n, read: (view, after) => view.licenseKeys(after, PAGE.licenses), cursorOf: ({ seq }) => seq },
    (view, rows, _parts, report) => checkLicenseKeys(view, rows, report),
  ),
  stock: run(
    { first: FIRST_PLACE, read: (view, after) => view.levels(after, PAGE.stock), cursorOf: ({ place }) => place },
    (_view, rows, _parts, report) => Promise.resolve(checkLevels(rows, report)),
  ),
  subscriptions: run(
    { first: "", read: (view, after) => view.subscriptions(after, PAGE.subscriptions), cursorOf: ({ id }) => id },
    async (view, rows, { rules }, report) => {
      if (rules.effects.has("subscriptions")) await checkSubscriptions(view, rows, report);
    },
  ),
  postings: run<Posting, PostingPlace | null>(
    { first: null, read: (view, after) => view.postings(after, { limit: PAGE.postings }), cursorOf: (line) => line },
    (view, rows, { rules }, report) => checkPostings(view, rules, rows, report),
  ),
  events: run(
    { first: 0n, read: (view, after) => view.events(after, PAGE.events), cursorOf: ({ seq }) => seq },
    (view, rows, _parts, report) => checkEvents(view, rows, report),
  ),
};
