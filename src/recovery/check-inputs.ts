import { createHash } from "node:crypto";
import { collect } from "../payments/collect.ts";
import type { AuditedInput, AuditView, Erasure } from "../store/audit.ts";
import type { InputState } from "../store/store.ts";
import { setsAgree } from "./check-payments.ts";
import { erasureOf } from "./erasing.ts";
import type { Report } from "./finding.ts";

const WAITING: ReadonlySet<InputState> = new Set(["received", "unproven", "unconfirmed", "parked"]);
/** These say why; plain `applied` needs no reason. */
const REASONED: ReadonlySet<InputState> = new Set(["stale", "ignored", "quarantined", "rejected"]);

/** States in which a body may be gone. */
const EMPTIED: ReadonlySet<InputState> = new Set(["applied", "stale", "ignored"]);

/** An input that is due, and that nobody took for so long, is worked on by nobody. */
const OVERDUE_MS = 15 * 60 * 1000;

/** A page of the journal: each row as it came, with its outcome or at work. */
export async function checkInputs(
  view: AuditView,
  inputs: readonly AuditedInput[],
  now: Date,
  report: Report,
): Promise<void> {
  const payments = await view.knownPayments(inputs.flatMap(({ payment }) => payment ?? []));
  const decided = new Set(
    (await view.decisionsOf(inputs.flatMap((input) => orderDecided(input) ?? []))).map(({ input }) => input),
  );
  const emptied = inputs.filter(({ isEmptied }) => isEmptied).map(({ id }) => erasureOf("input", id));
  const erased = await view.erased(emptied);
  await checkErasures(view, inputs, report);
  for (const input of inputs) {
    const hash = createHash("sha256").update(input.body).digest("hex");
    if (hash !== input.bodyHash && !mayBeEmpty(input, erased.has(erasureOf("input", input.id))))
      report("input_body", input.id, "its body is not the one that was acknowledged");
    checkOutcome(input, report);
    checkWaiting(input, now, report);
    if (input.payment !== null && payments.get(input.payment) !== null)
      report("input_payment", input.id, `it is about ${input.payment}, which does not exist or is an alias`);
    if (input.kind === "decision" && !input.isEmptied && !decided.has(input.id))
      report("order_decisions", orderDecided(input) ?? input.id, `what ${input.id} decided is not among its decisions`);
  }
}

/** Bodies go with the headers that came with them, of what is settled and came from outside; anything else was taken away. */
function mayBeEmpty({ isEmptied, state, kind, headers, query }: AuditedInput, isErased: boolean): boolean {
  if (!isEmptied || Object.keys(headers).length > 0 || query !== "") return false;
  if (isErased) return true;
  return EMPTIED.has(state) && (kind === "notification" || kind === "answer");
}

/** What the erasures of a page list, beside the table that is filled from them: the journal is sealed, the table is not. */
async function checkErasures(view: AuditView, inputs: readonly AuditedInput[], report: Report): Promise<void> {
  const erasures = inputs.filter(({ kind }) => kind === "erasure");
  if (erasures.length === 0) return;
  const rows = collect(await view.erasuresBy(erasures.map(({ id }) => id)), ({ input }) => input);
  for (const { id, body } of erasures) {
    const stored = (rows.get(id) ?? []).map(({ subject, rest }) => `${subject} ${rest}`);
    setsAgree(stored, listed(body), (detail) => report("input_erased", id, detail));
  }
}

/** Nothing where the text is no list: its hash is compared as every input's is. */
function listed(body: Uint8Array): readonly string[] {
  try {
    // Proven by its hash: `forget` journaled it.
    const { subjects } = JSON.parse(Buffer.from(body).toString("utf8")) as { readonly subjects: readonly Erasure[] };
    return subjects.map(({ subject, rest }) => `${subject} ${rest}`);
  } catch {
    return [];
  }
}

function checkOutcome({ id, state, reason, dueAt, settledAt }: AuditedInput, report: Report): void {
  const waits = WAITING.has(state);
  if (waits !== (dueAt !== null) || waits === (settledAt !== null))
    report("input_outcome", id, `it is ${state}, and its times say otherwise`);
  if (REASONED.has(state) && !reason) report("input_outcome", id, `it is ${state} for no reason`);
}

function checkWaiting({ id, state, dueAt }: AuditedInput, now: Date, report: Report): void {
  if (!WAITING.has(state) || dueAt === null) return;
  const minutes = Math.floor((now.getTime() - dueAt.getTime()) / 60_000);
  if (minutes * 60_000 >= OVERDUE_MS)
    report("input_waiting", id, `${state}, due for ${minutes} minutes, taken by nobody`);
}

/** The order that a decision's input is about; null for other inputs. */
export function orderDecided(input: Pick<AuditedInput, "kind" | "body">): string | null {
  if (input.kind !== "decision") return null;
  try {
    const content: unknown = JSON.parse(Buffer.from(input.body).toString("utf8"));
    const order = typeof content === "object" && content !== null ? Reflect.get(content, "order") : null;
    return typeof order === "string" ? order : null;
  } catch {
    return null;
  }
}
