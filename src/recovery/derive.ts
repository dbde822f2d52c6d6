import type { AccountConfig } from "../gateways/account.ts";
import type { Channel } from "../gateways/gateway.ts";
import { canonical } from "../payments/canonical.ts";
import { collect } from "../payments/collect.ts";
import { objectKey, type StoredFact } from "../payments/fact.ts";
import { placeFacts } from "../pipeline/fact-key.ts";
import { readNotification } from "../pipeline/read.ts";
import type { AuditedFact, AuditedInput, AuditView } from "../store/audit.ts";
import type { InputKind, InputState } from "../store/store.ts";
import type { Report } from "./finding.ts";

/** How the stored facts of one input have to change to be what it says. */
export interface Correction {
  readonly input: string;
  readonly put: readonly StoredFact[];
  readonly gone: readonly StoredFact[];
  readonly goneKeys: readonly string[];
}

export interface Readers {
  /** `<gateway>/<account>` → channel. */
  readonly channels: ReadonlyMap<string, Channel>;
  /** `<provider>/<account>` → configuration. */
  readonly accounts: ReadonlyMap<string, AccountConfig>;
}

/** How many inputs were read again, and of how many the stored facts had to stand. */
export interface Derived {
  readonly corrections: readonly Correction[];
  readonly read: number;
  readonly kept: number;
  /** Of the kept ones, those whose bodies are no longer there. */
  readonly emptied: number;
}

/** These let their facts in; what a person or a provider refused did not. */
const ENTERED: ReadonlySet<InputState> = new Set(["applied", "stale", "parked"]);
/** `quarantined` for what an order makes of the payment, or for want of one: the facts are in all the same. */
const HELD: ReadonlySet<string> = new Set([
  ...["amount_mismatch", "currency_mismatch", "wrong_receiver", "wrong_merchant", "wrong_mode"],
  ...["unknown_order", "ambiguous_order", "order_canceled", "order_expired", "rejected", "unexplained"],
]);

/** Reads a page of inputs again, as the adapters read today, and compares with the facts that are stored. */
export async function deriveFacts(
  view: AuditView,
  inputs: readonly AuditedInput[],
  readers: Readers,
  report: Report,
): Promise<Derived> {
  const entered = inputs.filter(hasEntered);
  const readings = entered.map((input) => ({ input, facts: factsOf(input, readers) }));
  const own = collect(await view.factsOfInputs(entered.map(({ id }) => id)), ({ input }) => input);
  const keys = readings.flatMap(({ facts }) => facts?.map(({ key }) => key) ?? []);
  const stored = new Map((await view.factsByKey(keys)).map((row) => [row.key, row]));
  const corrections: Correction[] = [];
  let kept = 0;
  for (const { input, facts } of readings) {
    const rows = own.get(input.id) ?? [];
    if (facts === null) {
      kept += 1;
      if (input.kind === "outside_payment" && rows.length === 0)
        report("fact_derived", input.id, "money that was recorded by hand has no fact");
      continue;
    }
    if (await wasConfirmed(view, facts, rows, stored)) continue;
    const correction = compare(input, facts, rows, stored);
    if (!correction) continue;
    corrections.push(correction);
    tell(correction, report);
  }
  const emptied = entered.filter(({ isEmptied }) => isEmptied).length;
  return { corrections, read: readings.length - kept, kept, emptied };
}

/** What Paybell itself journals brings no facts, but money from outside. */
const OF_OURS: ReadonlySet<InputKind> = new Set(["decision", "stock", "supply", "renewal", "erasure"]);

function hasEntered({ kind, state, reason }: AuditedInput): boolean {
  if (kind === "answer") return reason === "confirmed";
  if (OF_OURS.has(kind)) return false;
  return ENTERED.has(state) || (state === "quarantined" && HELD.has(reason ?? ""));
}

/** Null where the stored facts stand: the body, the account or the adapter that could say is gone. */
function factsOf(input: AuditedInput, readers: Readers): readonly StoredFact[] | null {
  const channel = readers.channels.get(`${input.gateway}/${input.account}`);
  if (!channel || input.isEmptied || input.kind === "outside_payment") return null;
  if (input.kind === "answer") return factsOfAnswer(input, channel);
  const account = readers.accounts.get(`${channel.provider}/${channel.account}`);
  const reading = readNotification(input, channel, account);
  return reading.kind === "facts" ? reading.facts : null;
}

function factsOfAnswer(input: AuditedInput, channel: Channel): readonly StoredFact[] | null {
  const at = new Date(input.headers.date ?? "");
  const parsed = channel.readAnswer({ key: input.key.slice("answer:".length), at, body: input.body });
  if (parsed.kind === "unreadable") return null;
  return placeFacts(parsed.payload, {
    gateway: channel.gateway,
    provider: channel.provider,
    account: channel.account,
    input: input.id,
    receivedAt: input.receivedAt,
  });
}

/**
 * A notification that its provider confirmed brought no fact of its own: only the provider's answers, inputs with facts
 * about the same objects, were let in. Told from what is stored, as credentials come and go.
 */
async function wasConfirmed(
  view: AuditView,
  facts: readonly StoredFact[],
  own: readonly AuditedFact[],
  stored: ReadonlyMap<string, AuditedFact>,
): Promise<boolean> {
  const isKnown = own.length > 0 || facts.some(({ key }) => stored.has(key));
  if (isKnown || facts.some(({ input }) => input.startsWith("inp_"))) return false;
  const near = await view.factsOfObjects(facts.map((fact) => objectKey(fact.scope, fact)));
  const gateways = new Set(facts.map(({ gateway }) => gateway));
  return near.some(({ input, gateway }) => input.startsWith("inp_") && gateways.has(gateway));
}

function compare(
  input: AuditedInput,
  facts: readonly StoredFact[],
  own: readonly AuditedFact[],
  stored: ReadonlyMap<string, AuditedFact>,
): Correction | null {
  const put = facts.filter((fact) => {
    const row = stored.get(fact.key);
    // Another input told it first: whose words are kept does not matter, they are the same by their key.
    return row === undefined || (row.input === input.id && !isSame(row, fact));
  });
  const said = new Set(facts.map(({ key }) => key));
  const gone = own.filter(({ key }) => !said.has(key));
  if (put.length === 0 && gone.length === 0) return null;
  return {
    input: input.id,
    put: [...new Map(put.map((fact) => [fact.key, fact])).values()],
    gone: gone.flatMap(({ fact }) => fact ?? []),
    goneKeys: gone.map(({ key }) => key),
  };
}

function isSame({ fact, objectKey: object, at }: AuditedFact, derived: StoredFact): boolean {
  return (
    fact !== null &&
    canonical(fact) === canonical(derived) &&
    object === objectKey(derived.scope, derived) &&
    at === derived.at
  );
}

function tell({ input, put, gone, goneKeys }: Correction, report: Report): void {
  for (const fact of put) report("fact_derived", input, `says ${describe(fact)}, which is not what is stored`);
  for (const fact of gone) report("fact_derived", input, `no longer says ${describe(fact)}`);
  if (gone.length < goneKeys.length) report("fact_derived", input, "has stored facts that can't be read");
}

function describe(fact: StoredFact): string {
  const amount = "amount" in fact && fact.amount !== undefined ? ` ${fact.amount}` : "";
  return `${fact.kind} ${fact.reference}${fact.status ? ` ${fact.status}` : ""}${amount}`;
}
