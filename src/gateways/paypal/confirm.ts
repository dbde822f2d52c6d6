import { createHash } from "node:crypto";
import type { Fact } from "../../payments/fact.ts";
import type { Confirmation, Context, Item, Mapping, ProviderAnswer } from "../gateway.ts";
import type { ApiAnswer, ApiRequest, PaypalApi } from "./api.ts";
import { contradiction } from "./contradiction.ts";
import { normalize } from "./normalize.ts";
import { moneyQuestions, otherQuestions, type Question } from "./questions.ts";
import { readAnswer } from "./read-event.ts";
import type { PaypalSettings } from "./settings.ts";

/**
 * Asks PayPal whether what a notification says is so. Its signature covers a CRC-32 of the body, so a body may be anybody's: the
 * API's answer decides about existence, payee, currency, amount, status and whose purchase it is.
 */

interface Found {
  readonly answer: ProviderAnswer;
  readonly facts: readonly Fact[];
  readonly isV1: boolean;
}

type Reply = ({ readonly kind: "found" } & Found) | Exclude<ApiAnswer, { readonly kind: "found" }>;

/** Every field, so that whatever a notification claims can be compared, however the account maps it. */
const ALL_FIELDS: Mapping = { orderFields: ["custom_id", "invoice_id", "reference_id"] };

export function needsConfirmation(item: Item): boolean {
  return moneyQuestions(item).length > 0;
}

export async function confirmItem(item: Item, context: Context<PaypalSettings>, api: PaypalApi): Promise<Confirmation> {
  const money = moneyQuestions(item);
  const questions = money.length > 0 ? money : otherQuestions(item);
  // There is no address to ask: as good as one that may not be read.
  if (questions.length === 0) return { kind: "cannot_confirm", reason: "forbidden" };
  const found: Found[] = [];
  for (const question of questions) {
    const reply = await askAll(question, context, api);
    if (reply.kind === "found") found.push(reply);
    else if (reply.kind !== "not_found") return unanswered(reply);
    else if (!question.optional) return { kind: "contradicted", reason: "not_found" };
  }
  const reason = contradiction({
    claims: item.facts,
    known: found.flatMap(({ facts }) => facts),
    receivers: context.account.receivers,
    mayOmitOrders: found.some(({ isV1 }) => isV1),
  });
  if (reason !== null) return { kind: "contradicted", reason };
  return { kind: "confirmed", answers: found.map(({ answer }) => answer) };
}

function unanswered(reply: Exclude<Reply, { readonly kind: "found" | "not_found" }>): Confirmation {
  switch (reply.kind) {
    case "forbidden":
    case "no_credentials":
      return { kind: "cannot_confirm", reason: reply.kind };
    case "unreachable":
      return reply;
  }
}

/** Asks where the object should be, then where the other generation of the API has it. */
async function askAll(question: Question, context: Context<PaypalSettings>, api: PaypalApi): Promise<Reply> {
  for (const request of question.requests) {
    const answer = await api.get(request, context);
    if (answer.kind === "found") return readFound(question, request, answer, context.account.live);
    if (answer.kind !== "not_found") return answer;
  }
  return { kind: "not_found" };
}

function readFound(
  question: Question,
  request: ApiRequest,
  found: ApiAnswer & { readonly kind: "found" },
  live: boolean,
): Reply {
  // The body's hash and not its update_time: an object may change without telling a new time, and a key means one body.
  const state = createHash("sha256").update(found.body).digest("hex").slice(0, 32);
  const key = `${live ? "live" : "test"}/${question.kind}/${question.id}@${state}`;
  const answer = { key, at: found.at, body: found.body };
  const read = readAnswer(answer);
  // A page in HTML, half an answer, or a currency that we cannot count in: not the API's word, so it is asked again.
  if (read.kind === "unreadable") return { kind: "unreachable", retryAfterMs: null };
  const facts = normalize(read.payload, ALL_FIELDS).flatMap((item) => item.facts);
  return { kind: "found", answer, facts, isV1: request.path.startsWith("/v1/payments/") };
}
