import type { TortureDatabase } from "../databases/database.ts";

/** What the journal says of notifications, by the hash of their bodies. */

export interface Standing {
  readonly state: string;
  readonly reason: string | null;
}

const WAITING = new Set(["received", "unproven", "unconfirmed", "parked"]);
const CHUNK = 400;

/** Whether nothing is to be expected of it any more. */
export function isSettled({ state, reason }: Standing): boolean {
  // Its facts have had their effect; for an hour it waits to be explained by a payment that it does not name itself.
  return !WAITING.has(state) || reason === "unexplained";
}

/** Everything that still waits, as SQL. */
export const STILL_WAITING = `state in ('received', 'unproven', 'unconfirmed', 'parked') and coalesce(reason, '') <> 'unexplained'`;

/** The hash of the body as the service stored it beside the body; `checkJournal` compares it with the body itself. */
export async function standingsOf(
  database: TortureDatabase,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, readonly Standing[]>> {
  const found = new Map<string, Standing[]>();
  for (const list of chunks([...new Set(hashes)])) {
    const rows = await database.query(`select body_hash, state, reason from inputs where body_hash in (${list})`);
    for (const { body_hash, state, reason } of rows) {
      const hash = String(body_hash);
      const standing = { state: String(state), reason: reason === null ? null : String(reason) };
      found.set(hash, [...(found.get(hash) ?? []), standing]);
    }
  }
  return found;
}

/** Names as SQL lists, so many at a time. They are the torture's own, without quotes in them. */
export function chunks(names: readonly string[]): readonly string[] {
  const lists: string[] = [];
  for (let at = 0; at < names.length; at += CHUNK) {
    lists.push(
      names
        .slice(at, at + CHUNK)
        .map((name) => `'${name}'`)
        .join(", "),
    );
  }
  return lists;
}
