import type { FastifyReply, FastifyRequest } from "fastify";
import type * as z from "zod";
import type { CommandAnswer } from "../../pipeline/pipeline.ts";
import { type FieldProblem, JSON_TYPE, refuse } from "../errors.ts";

/** How the API reads what it is sent and says what it has. */

/** Thrown by the readers below, caught in one place (`apiRoutes`): a refusal names every field that is wrong. */
export class InvalidRequest extends Error {
  override readonly name = "InvalidRequest";
  readonly fields: readonly FieldProblem[];
  constructor(fields: readonly FieldProblem[], message = "some fields are not valid") {
    super(message);
    this.fields = fields;
  }
}

/** Parses once, then trusts. `value` is a body or a query, or the one parameter of the address that `named` names. */
export function read<Output>(schema: z.ZodType<Output>, value: unknown, named?: string): Output {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidRequest(parsed.error.issues.flatMap((issue) => problemsOf(issue, named)));
}

function problemsOf(issue: z.core.$ZodIssue, named: string | undefined): readonly FieldProblem[] {
  const at = [...(named === undefined ? [] : [named]), ...issue.path.map(String)];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...at, key].join("."), message: "is not known here" }));
  }
  const isObjectWanted = issue.code === "invalid_type" && issue.expected === "object";
  return [{ path: at.join("."), message: isObjectWanted ? "must be an object" : issue.message }];
}

/** Amounts are bigint inside and JSON numbers outside: exact, as every amount and every sum of them stays below 2^53. */
export function sendJson(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  return reply.code(status).type(JSON_TYPE).send(JSON.stringify(body, numberOfBigint));
}

function numberOfBigint(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

/** Refused is the reason's own word. Done is 200, and 201 where the request makes something (`makes`) and it was not there. */
export async function sendAnswer<Value>(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: CommandAnswer<Value>,
  show: (value: Value) => unknown,
  options: { readonly makes: boolean } = { makes: false },
): Promise<FastifyReply> {
  if (answer.kind === "refused") return refuse(request, reply, { error: answer.reason, message: answer.message });
  return sendJson(reply, options.makes && answer.created ? 201 : 200, await show(answer.value));
}
