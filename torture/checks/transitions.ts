import type { TortureDatabase } from "../databases/database.ts";
import type { Happening } from "../model/model.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/**
 * I8, by what was told: each event froze its payment as it was. What came in, went back or was lost only grows from one to
 * the next, whatever is told late, but by the edges that there are: a capture that fails, a refund that fails, a case won.
 */

type Amount = "captured" | "refunded" | "chargedBack";

const EDGES: Readonly<Record<Amount, readonly Happening["what"][]>> = {
  captured: ["capture_failed"],
  refunded: ["refund_failed"],
  chargedBack: ["dispute_won"],
};
const AMOUNTS: readonly Amount[] = ["captured", "refunded", "chargedBack"];

export async function checkTransitions(
  database: TortureDatabase,
  stories: readonly Story[],
): Promise<readonly Finding[]> {
  const isAllowed = edgesOf(stories);
  const objects = await database.query("select object_key, payment from object_payments");
  const keysOf = new Map<string, string[]>();
  for (const { object_key, payment } of objects) {
    const id = String(payment);
    keysOf.set(id, [...(keysOf.get(id) ?? []), String(object_key)]);
  }
  const findings: Finding[] = [];
  const before = new Map<string, Frozen>();
  for (const row of await database.query(
    "select payment, snapshot from events where payment is not null and type like 'payment.%' order by payment, sequence, seq",
  )) {
    const id = String(row.payment);
    const now = frozenIn(String(row.snapshot));
    const then = before.get(id);
    before.set(id, now);
    for (const amount of AMOUNTS) {
      if (!then || now[amount] >= then[amount]) continue;
      if ((keysOf.get(id) ?? []).some((key) => isAllowed(key, amount))) continue;
      const text = `${id} went from ${then.status} to ${now.status}: ${amount} was ${then[amount]} and is ${now[amount]}`;
      findings.push(finding("wrong", "I8", text));
    }
  }
  return findings;
}

type Frozen = Readonly<Record<Amount, number>> & { readonly status: string };

function edgesOf(stories: readonly Story[]): (key: string, amount: Amount) => boolean {
  const edges = new Set<string>();
  for (const happening of stories.flatMap(({ happenings }) => happenings)) {
    if (!("payment" in happening)) continue;
    for (const amount of AMOUNTS)
      if (EDGES[amount].includes(happening.what)) edges.add(`${happening.payment} ${amount}`);
  }
  return (key, amount) => edges.has(`${key} ${amount}`);
}

function frozenIn(snapshot: string): Frozen {
  // Proven: every payment's event has the payment in it; a member that is missing compares as not less.
  return (JSON.parse(snapshot) as { readonly payment: Frozen }).payment;
}
