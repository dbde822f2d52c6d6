import type { Row, TortureDatabase } from "../databases/database.ts";
import { replay } from "../model/model.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I4 and I3, of the ledger: what each story's accounts hold is what the plain reference says. */
export async function checkLedger(database: TortureDatabase, stories: readonly Story[]): Promise<readonly Finding[]> {
  const survivorOf = new Map(
    (await database.query("select id, alias_of from payments")).map((row) => [
      String(row.id),
      String(row.alias_of ?? row.id),
    ]),
  );
  const objects = await database.query("select object_key, payment from object_payments");
  const paymentOf = new Map(objects.map((row) => [String(row.object_key), String(row.payment)]));
  const sums = await database.query(
    "select subject, account, cast(sum(amount) as bigint) as amount from postings group by subject, account",
  );
  const held = new Map<string, Map<string, number>>();
  for (const row of sums) add(held, survivorOf.get(String(row.subject)) ?? String(row.subject), row);
  return stories.flatMap((story) => {
    const { payments, ledger } = replay(story.happenings, story.order);
    const ids = new Set([...payments.keys()].map((key) => paymentOf.get(key) ?? "none"));
    const subjects = [...ids, `order/${story.order.reference}`];
    return compare(
      story,
      ledger,
      subjects.map((subject) => held.get(subject) ?? new Map()),
    );
  });
}

/** `assets:cash:stripe:default` → `cash`: the reference knows of no providers, and takes a fee for a part of what is there. */
function nameOf(account: string): string {
  const [, name = ""] = account.split(":");
  return name === "fees" ? "cash" : name;
}

function add(held: Map<string, Map<string, number>>, subject: string, { account, amount }: Row): void {
  const accounts = held.get(subject) ?? new Map<string, number>();
  const name = nameOf(String(account));
  accounts.set(name, (accounts.get(name) ?? 0) + Number(amount));
  held.set(subject, accounts);
}

function compare(
  story: Story,
  wanted: ReadonlyMap<string, number>,
  held: readonly ReadonlyMap<string, number>[],
): readonly Finding[] {
  const names = new Set([...wanted.keys(), ...held.flatMap((accounts) => [...accounts.keys()])]);
  return [...names].flatMap((name) => {
    const got = held.reduce((sum, accounts) => sum + (accounts.get(name) ?? 0), 0);
    const expected = wanted.get(name) ?? 0;
    if (got === expected) return [];
    const text = `${story.name} (${story.order.reference}): ${name} holds ${got}, the reference says ${expected}`;
    return [finding(Math.abs(got) > Math.abs(expected) ? "doubled" : "wrong", "I4", text)];
  });
}
