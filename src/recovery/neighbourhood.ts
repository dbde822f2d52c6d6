import { isGroupKind, isPaymentRef, objectKey, type StoredFact } from "../payments/fact.ts";
import type { AuditedFact, AuditView } from "../store/audit.ts";
import type { Correction } from "./derive.ts";

/** Where to begin: some object or payment that something is wrong with. */
export interface Seeds {
  readonly objects: readonly string[];
  readonly payments: readonly string[];
}

/** Everything that hangs together with the seeds, by facts or by what tables say, right or wrong. */
export interface Neighbourhood {
  readonly objects: ReadonlySet<string>;
  /** Ids that own something here, existing or not, aliases included. */
  readonly payments: ReadonlySet<string>;
  /** Facts about payments, corrected, by key; with the payment they are stored under. */
  readonly facts: ReadonlyMap<string, { readonly fact: StoredFact; readonly payment: string | null }>;
  /** Objects → payments, as stored. */
  readonly owners: ReadonlyMap<string, string>;
}

/** How often tables may lead on to more; a longer chain is somebody's attack or our mistake. */
const ROUNDS = 12;

export function seedsOf(corrections: readonly Correction[]): Seeds {
  const facts = corrections.flatMap(({ put, gone }) => [...put, ...gone]);
  return { objects: [...new Set(facts.flatMap(objectsNamed))], payments: [] };
}

/** Payment objects that a fact is about, joins, or (a group's) speaks of. */
function objectsNamed(fact: StoredFact): readonly string[] {
  const refs = [fact, ...fact.joins, ...(isGroupKind(fact.kind) ? fact.links : [])];
  return refs.filter(isPaymentRef).map((ref) => objectKey(fact.scope, ref));
}

export async function neighbourhood(
  view: AuditView,
  seeds: Seeds,
  corrections: readonly Correction[],
): Promise<Neighbourhood> {
  const objects = new Set(seeds.objects);
  const payments = new Set(seeds.payments);
  let facts = new Map<string, { readonly fact: StoredFact; readonly payment: string | null }>();
  let owners: ReadonlyMap<string, string> = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    const [before, known] = [objects.size, payments.size];
    const rows = [...(await view.factsOf([...payments])), ...(await view.factsOfObjects([...objects]))];
    facts = corrected(rows, corrections, objects);
    for (const { fact, payment } of facts.values()) {
      for (const key of objectsNamed(fact)) objects.add(key);
      if (payment !== null) payments.add(payment);
    }
    for (const { key } of await view.objectsOf([...payments])) objects.add(key);
    owners = await view.owners([...objects]);
    for (const owner of owners.values()) payments.add(owner);
    for (const target of (await view.knownPayments([...payments])).values()) if (target !== null) payments.add(target);
    if (objects.size === before && payments.size === known) return { objects, payments, facts, owners };
  }
  throw new Error("what hangs together here is more than a purchase: it needs a person");
}

function corrected(rows: readonly AuditedFact[], corrections: readonly Correction[], objects: ReadonlySet<string>) {
  const facts = new Map<string, { readonly fact: StoredFact; readonly payment: string | null }>();
  for (const { key, fact, payment } of rows) {
    if (fact && !isGroupKind(fact.kind)) facts.set(key, { fact, payment });
  }
  for (const { put, goneKeys } of corrections) {
    for (const key of goneKeys) facts.delete(key);
    for (const fact of put) {
      if (!isGroupKind(fact.kind) && objects.has(objectKey(fact.scope, fact)))
        facts.set(fact.key, { fact, payment: facts.get(fact.key)?.payment ?? null });
    }
  }
  return facts;
}

/** Reads of groups with the corrections laid over them. */
export function correctedView(
  view: AuditView,
  corrections: readonly Correction[],
): Pick<AuditView, "loadLinks" | "loadGroupFacts"> {
  if (corrections.length === 0) return view;
  const gone = new Set(corrections.flatMap(({ goneKeys }) => goneKeys));
  const put = corrections.flatMap((correction) => correction.put).filter(({ kind }) => isGroupKind(kind));
  const links = put.flatMap((fact) =>
    fact.links.map((ref) => ({ from: objectKey(fact.scope, fact), to: objectKey(fact.scope, ref) })),
  );
  return {
    loadLinks: async (keys) => {
      const asked = new Set(keys);
      const own = links.filter(({ from, to }) => asked.has(from) || asked.has(to));
      return [...(await view.loadLinks(keys)), ...own];
    },
    loadGroupFacts: async (keys) => {
      const asked = new Set(keys);
      const own = put.filter((fact) => asked.has(objectKey(fact.scope, fact)));
      const over = new Set(own.map(({ key }) => key));
      const stored = await view.loadGroupFacts(keys);
      return [...stored.filter(({ key }) => !gone.has(key) && !over.has(key)), ...own];
    },
  };
}
