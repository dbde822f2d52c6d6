import { isGroupKind, objectKey, type StoredFact } from "../payments/fact.ts";
import { linksOf } from "../pipeline/fold-facts.ts";
import type { AuditedFact, AuditView, Erasure } from "../store/audit.ts";
import { contentOf, erasureOf } from "./erasing.ts";
import type { Report } from "./finding.ts";

/** Compares a page of facts with their own keys, and with the tables that are filled from them. */
export async function checkFacts(view: AuditView, facts: readonly AuditedFact[], report: Report): Promise<void> {
  const readable = facts.flatMap(({ fact }): readonly StoredFact[] => (fact ? [fact] : []));
  const inputs = new Set((await view.inputsById(facts.map(({ input }) => input))).map(({ id }) => id));
  const owners = await view.owners(facts.map((row) => row.objectKey));
  const payments = await view.knownPayments(facts.flatMap(({ payment }) => payment ?? []));
  const erased = await view.erased(facts.map(({ key }) => erasureOf("fact", key)));
  for (const row of facts) {
    const { fact, key } = row;
    if (!fact) {
      report("fact_content", key, "its text can't be read");
      continue;
    }
    checkContent(row, fact, erased, report);
    checkPlace(row, fact, owners, payments, report);
    if (!inputs.has(row.input)) report("fact_input", key, `it came with ${row.input}, which is not in the journal`);
  }
  await checkLinks(view, readable, report);
}

/** A fact's key ends with the hash of what it says: see `placeFacts`. */
function checkContent(
  row: AuditedFact,
  stored: StoredFact,
  erased: ReadonlyMap<string, Erasure>,
  report: Report,
): void {
  const { gateway, input, key } = stored;
  if (key !== row.key || input !== row.input || gateway !== row.gateway || stored.at !== row.at)
    report("fact_content", row.key, "its text and its columns disagree");
  const content = contentOf(stored);
  // Of one whose buyer was erased, the erasure says what is left.
  if (!row.key.endsWith(`#${content}`) && erased.get(erasureOf("fact", row.key))?.rest !== content)
    report("fact_content", row.key, "it does not say what it said when it was stored");
}

function checkPlace(
  row: AuditedFact,
  fact: StoredFact,
  owners: ReadonlyMap<string, string>,
  payments: ReadonlyMap<string, string | null>,
  report: Report,
): void {
  const object = objectKey(fact.scope, fact);
  if (object !== row.objectKey)
    report("fact_place", row.key, `it is about ${object}, and filed under ${row.objectKey}`);
  if (isGroupKind(fact.kind)) {
    if (row.payment !== null) report("fact_place", row.key, "it is about a group, and filed under a payment");
    return;
  }
  if (row.payment === null) {
    report("fact_place", row.key, "it belongs to no payment");
    return;
  }
  if (payments.get(row.payment) !== null)
    report("fact_place", row.key, `it belongs to ${row.payment}, which does not exist or is an alias`);
  const owner = owners.get(object);
  if (owner !== row.payment)
    report("fact_place", row.key, `it belongs to ${row.payment}, its object to ${owner ?? "no payment"}`);
}

async function checkLinks(view: AuditView, facts: readonly StoredFact[], report: Report): Promise<void> {
  const linking = facts.filter(({ links }) => links.length > 0);
  if (linking.length === 0) return;
  const stored = await view.loadLinks([...new Set(linking.map((fact) => objectKey(fact.scope, fact)))]);
  const known = new Set(stored.map(({ from, to }) => `${from} ${to}`));
  for (const fact of linking) {
    for (const { from, to } of linksOf([fact])) {
      if (!known.has(`${from} ${to}`)) report("fact_links", fact.key, `the link from ${from} to ${to} is missing`);
    }
  }
}
