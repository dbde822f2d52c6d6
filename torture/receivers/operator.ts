import { type Finding, finding } from "../checks/finding.ts";
import type { TortureDatabase } from "../databases/database.ts";
import { isAccepted, send } from "../gateways/http.ts";
import { pause } from "../pause.ts";
import type { Endpoints } from "./endpoints.ts";

/** I10: after the last fault all that is to be told is told within so long, and mails at their own rate. Who needs longer is late. */
const SETTLE_SECONDS = 90;
const MAILS_A_SECOND = 10;
const STANDSTILL_MS = 90_000;
const AT_ONCE = 8;

export interface OperatorParts {
  readonly url: string;
  readonly apiToken: string;
  readonly database: TortureDatabase;
  readonly endpoints: Endpoints;
  readonly say: (line: string) => void;
  readonly over: AbortSignal;
}

export interface Settled {
  readonly seconds: number;
  /** Deliveries that waited for a later retry, or were given up, and were made by hand. */
  readonly pulledIn: number;
  readonly findings: readonly Finding[];
}

/**
 * What an operator does once all are well again: enables the endpoints anew, so that none is paused any more, and sends what
 * waits for hours or was given up. Then everything has to be settled soon.
 */
export async function settleAll(parts: OperatorParts): Promise<Settled> {
  const { database, endpoints, say, over } = parts;
  for (const { id } of endpoints.all) await ask(parts, "PATCH", `/v1/endpoints/${id}`, { enabled: true });
  const began = Date.now();
  const limit = SETTLE_SECONDS + (await waitingMails(database)) / MAILS_A_SECOND;
  let pulledIn = 0;
  let left = Number.MAX_SAFE_INTEGER;
  let progressAt = began;
  let saidAt = began;
  for (;;) {
    const waiting = await database.query(
      "select id, state, attempts, owner from deliveries where state in ('waiting', 'failed')",
    );
    if (waiting.length === 0 || over.aborted) break;
    if (waiting.length < left) progressAt = Date.now();
    left = Math.min(left, waiting.length);
    if (Date.now() - progressAt > STANDSTILL_MS) break;
    const put = waiting.filter(
      ({ state, attempts, owner }) => owner === null && (state === "failed" || Number(attempts) > 0),
    );
    pulledIn += await redeliver(
      parts,
      put.map(({ id }) => String(id)),
    );
    if (Date.now() - saidAt > 10_000) {
      saidAt = Date.now();
      say(`${waiting.length} deliveries wait, ${pulledIn} pulled in`);
    }
    await pause(1_000, over);
  }
  const seconds = (Date.now() - began) / 1000;
  const text = `it took ${Math.round(seconds)} s to tell what was left, and ought to take ${Math.round(limit)}`;
  return { seconds, pulledIn, findings: seconds > limit ? [finding("late", "I10", text)] : [] };
}

async function waitingMails(database: TortureDatabase): Promise<number> {
  const [row] = await database.query(
    "select count(*) as waiting from deliveries where state = 'waiting' and receiver like 'mail:%'",
  );
  return Number(row?.waiting ?? 0);
}

/** How many were made due now. */
async function redeliver(parts: OperatorParts, ids: readonly string[]): Promise<number> {
  let done = 0;
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const asked = ids.slice(at, at + AT_ONCE).map((id) => ask(parts, "POST", `/v1/deliveries/${id}/redeliver`, {}));
    done += (await Promise.all(asked)).filter((isDone) => isDone).length;
  }
  return done;
}

async function ask(
  { url, apiToken }: OperatorParts,
  method: "POST" | "PATCH",
  path: string,
  content: unknown,
): Promise<boolean> {
  const headers = { authorization: `Bearer ${apiToken}`, "content-type": "application/json" };
  return isAccepted(await send(url + path, { method, headers, body: Buffer.from(JSON.stringify(content)) }));
}
