import { type Finding, finding } from "./checks/finding.ts";
import { STILL_WAITING } from "./checks/inputs.ts";
import type { TortureDatabase } from "./databases/database.ts";
import type { Sending } from "./gateways/sending.ts";
import { pause } from "./pause.ts";
import type { Story } from "./stories/story.ts";
import { tellAll } from "./stories/tell.ts";

/** Before the faults and after them: nothing is the matter, so everything has to be accepted and understood soon. */

/** I9: as long as that after the last fault. Who needs longer is late; who does not get on any more is wrong. */
const DRAIN_MS = 60_000;
const STANDSTILL_MS = 60_000;
const EXAM_MS = 60_000;
const NEVER_MS = 300_000;
const EXAM_SPREAD_MS = 1_500;
const EXAM_PENDING = 100;

export interface Calm {
  readonly database: TortureDatabase;
  readonly sending: Sending;
  readonly say: (line: string) => void;
  readonly over: AbortSignal;
}

/**
 * Each story there is, before any fault: what fails in peace need not be tortured, and only what does not fail
 * in peace is refused for the fault's sake under fire.
 */
export async function exam(
  { sending, say, over }: Calm,
  parts: { readonly seed: number; readonly stories: Story[]; readonly onFinding: (finding: Finding) => void },
): Promise<void> {
  const all = tellAll(parts.seed, Math.floor(Date.now() / 1000));
  parts.stories.push(...all);
  const untold = [...all];
  const began = Date.now();
  while (untold.length + sending.pending > 0 && Date.now() - began < NEVER_MS && !over.aborted) {
    await pause(20, over);
    const next = sending.pending < EXAM_PENDING ? untold.shift() : undefined;
    if (next) sending.tell(next, EXAM_SPREAD_MS);
    if (sending.isRefusingRepetitions) {
      const text = "what was acknowledged is refused whenever it is repeated, and nothing is the matter";
      parts.onFinding(finding("wrong", "I9", text));
    }
  }
  if (over.aborted) return;
  const seconds = Math.round((Date.now() - began) / 1000);
  say(`each of ${all.length} stories told in peace, in ${seconds} s`);
  const isNever = untold.length + sending.pending > 0;
  const text = `${seconds} s in peace, and ${untold.length + sending.pending} stories and deliveries are left`;
  if (isNever || seconds * 1000 > EXAM_MS) parts.onFinding(finding(isNever ? "wrong" : "late", "I9", text));
}

/** Until every sender was answered and nothing waits any more, or nothing goes on: what waits then is found by the checks. */
export async function drain({ database, sending, say, over }: Calm): Promise<{
  readonly seconds: number;
  readonly findings: readonly Finding[];
}> {
  const began = Date.now();
  let calm = 0;
  let left = Number.MAX_SAFE_INTEGER;
  let progressAt = began;
  let saidAt = began;
  while (calm < 2 && Date.now() - progressAt < STANDSTILL_MS && !over.aborted) {
    await pause(1_000, over);
    const rows = await database.query(
      `select state, count(*) as waiting from inputs where ${STILL_WAITING} group by state`,
    );
    const waiting = rows.reduce((sum, row) => sum + Number(row.waiting), 0);
    calm = waiting === 0 && sending.pending === 0 ? calm + 1 : 0;
    if (waiting + sending.pending < left) progressAt = Date.now();
    left = Math.min(left, waiting + sending.pending);
    if (Date.now() - saidAt < 10_000) continue;
    saidAt = Date.now();
    const states = rows.map((row) => `${row.waiting} ${row.state}`).join(", ") || "none";
    say(`${sending.pending} under way, waiting: ${states}`);
  }
  const seconds = (Date.now() - began) / 1000;
  const isLate = calm >= 2 && seconds * 1000 > DRAIN_MS;
  const text = `it took ${Math.round(seconds)} s to drain, and ought to take ${DRAIN_MS / 1000}`;
  return { seconds, findings: isLate ? [finding("late", "I9", text)] : [] };
}
