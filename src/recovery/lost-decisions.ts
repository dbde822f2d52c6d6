import type { StoredDecision } from "../payments/state.ts";
import { decodeDecision } from "../payments/wire.ts";
import type { AuditedInput, AuditView } from "../store/audit.ts";
import { orderDecided } from "./check-inputs.ts";

/** Decisions whose input is in the journal and whose row is not there. */
export async function lostDecisions(
  view: AuditView,
  inputs: readonly AuditedInput[],
): Promise<readonly StoredDecision[]> {
  const decisions = inputs.flatMap((input) => decisionOf(input) ?? []);
  const known = new Set((await view.decisionsOf(decisions.map(({ order }) => order))).map(({ input }) => input));
  return decisions.filter(({ input }) => !known.has(input));
}

/** An input's decision with the number that its key ends with; null where its key was too long to be kept. */
function decisionOf(input: AuditedInput): StoredDecision | null {
  const [, number] = /\/(\d+)$/.exec(input.key) ?? [];
  if (orderDecided(input) === null || number === undefined) return null;
  const content: unknown = JSON.parse(Buffer.from(input.body).toString("utf8"));
  const place = { sequence: Number(number), at: input.receivedAt.getTime(), input: input.id };
  // Proven: `orderDecided` has found an object; the spread of one is what the command journaled.
  return decodeDecision(JSON.stringify({ ...(content as object), ...place }));
}
