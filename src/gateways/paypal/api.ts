import { createHash } from "node:crypto";
import paypal from "@paypal/checkout-server-sdk";
import * as z from "zod";
import { type Context, type Outbound, OutboundError } from "../gateway.ts";
import { readJson } from "../json.ts";
import { apiOrigin, type PaypalSettings } from "./settings.ts";

/**
 * PayPal's REST API: the SDK's environment, token and request objects, carried by our own Outbound. The SDK's HTTP client
 * is not used, because it cannot be bounded: its timeout of 30 s is for silence only, a body may be of any size (and gunzips to
 * any), TLS can be switched off by the environment, the answer's own bytes are lost to JSON.parse, and its token cache belongs to
 * the process by client id alone, whatever the address (source: @paypal/checkout-server-sdk 1.0.3, @paypal/paypalhttp 1.0.1).
 */

export type ApiAnswer =
  | { readonly kind: "found"; readonly body: Uint8Array; readonly at: Date }
  | { readonly kind: "not_found" }
  | { readonly kind: "forbidden" }
  | { readonly kind: "no_credentials" }
  | { readonly kind: "unreachable"; readonly retryAfterMs: number | null };

/** What the SDK's request objects have in common. */
export interface ApiRequest {
  readonly path: string;
  readonly verb: string;
}

export interface PaypalApi {
  /** Asks with a token of the account's; a refused token is renewed once. */
  get(request: ApiRequest, context: Context<PaypalSettings>): Promise<ApiAnswer>;
}

type TokenLookup =
  | { readonly kind: "token"; readonly authorization: string; readonly until: number }
  | Exclude<ApiAnswer, { readonly kind: "found" | "not_found" }>;

type Answer = Awaited<ReturnType<Outbound["request"]>>;

const TIMEOUT_MS = 10_000;
/** An order lists up to ten units with their payments. */
const MAX_BYTES = 262_144;
/** A token is given up this long before its end, so that none expires on its way. */
const TOKEN_MARGIN_MS = 60_000;
const MAX_RETRY_AFTER_MS = 86_400_000;

const tokenAnswer = z.object({
  access_token: z.string().regex(/^[!-~]{1,4000}$/),
  token_type: z.string().regex(/^[A-Za-z]{1,20}$/),
  expires_in: z.number().positive().max(10_000_000),
});

/** An API client with a token cache of its own; single flight per address and credentials. */
export function createApi(): PaypalApi {
  const tokens = new Map<string, TokenLookup & { readonly kind: "token" }>();
  const underWay = new Map<string, Promise<TokenLookup>>();

  function findToken(context: Context<PaypalSettings>): Promise<TokenLookup> | TokenLookup {
    const id = credentialsId(context);
    const known = tokens.get(id);
    if (known && context.now().getTime() < known.until) return known;
    const waiting = underWay.get(id);
    if (waiting !== undefined) return waiting;
    const lookup = fetchToken(context)
      .then((token) => {
        if (token.kind === "token") tokens.set(id, token);
        return token;
      })
      .finally(() => underWay.delete(id));
    underWay.set(id, lookup);
    return lookup;
  }

  async function ask(request: ApiRequest, context: Context<PaypalSettings>, isRetry: boolean): Promise<ApiAnswer> {
    const token = await findToken(context);
    if (token.kind !== "token") return token;
    const answer = await send(request, { authorization: token.authorization }, undefined, context);
    if (answer === null) return { kind: "unreachable", retryAfterMs: null };
    if (answer.status === 401 && !isRetry) {
      // Only the token that was refused: another request may have renewed it meanwhile.
      const id = credentialsId(context);
      if (tokens.get(id) === token) tokens.delete(id);
      return ask(request, context, true);
    }
    return judged(answer, context.now());
  }

  return { get: (request, context) => ask(request, context, false) };
}

function judged(answer: Answer, now: Date): ApiAnswer {
  switch (answer.status) {
    case 200:
      return { kind: "found", body: answer.body, at: dateOf(answer, now) };
    case 404:
    // 410: removed; 422 is PayPal's word for an id that is of another kind.
    case 410:
    case 422:
      return { kind: "not_found" };
    case 401:
    case 403:
      return { kind: "forbidden" };
    default:
      return { kind: "unreachable", retryAfterMs: retryAfter(answer, now) };
  }
}

async function fetchToken(context: Context<PaypalSettings>): Promise<TokenLookup> {
  const { settings, account, now } = context;
  const { clientId, clientSecret } = settings;
  if (clientId === null || clientSecret === null) return { kind: "no_credentials" };
  const origin = apiOrigin(settings, account.live);
  const environment = new paypal.core.PayPalEnvironment(clientId, clientSecret, origin, origin);
  const request = new paypal.core.AccessTokenRequest(environment);
  const headers = { authorization: request.headers.Authorization, "content-type": request.headers["Content-Type"] };
  const askedAt = now().getTime();
  // The SDK's body is a record of form fields (its types say text, which this takes as well).
  const answer = await send(request, headers, new URLSearchParams(request.body).toString(), context);
  if (answer === null) return { kind: "unreachable", retryAfterMs: null };
  // 400 and 401: no such client. Nothing changes until somebody changes the credentials.
  if (answer.status === 400 || answer.status === 401 || answer.status === 403) return { kind: "forbidden" };
  if (answer.status !== 200) return { kind: "unreachable", retryAfterMs: retryAfter(answer, now()) };
  const json = readJson(answer.body);
  const read = tokenAnswer.safeParse(json.kind === "parsed" ? json.payload : null);
  if (!read.success) return { kind: "unreachable", retryAfterMs: null };
  const token = new paypal.core.AccessToken({ ...read.data, refresh_token: "" });
  const until = askedAt + read.data.expires_in * 1000 - TOKEN_MARGIN_MS;
  return { kind: "token", authorization: token.authorizationString(), until };
}

/** Null where no whole answer came. */
async function send(
  request: ApiRequest,
  headers: Readonly<Record<string, string>>,
  form: string | undefined,
  context: Context<PaypalSettings>,
): Promise<Answer | null> {
  try {
    return await context.outbound.request({
      method: request.verb === "POST" ? "POST" : "GET",
      // The SDK's paths end in a question mark, for parameters that are never there.
      url: `${apiOrigin(context.settings, context.account.live)}${request.path.replace(/\?$/, "")}`,
      headers: { accept: "application/json", ...headers },
      ...(form === undefined ? {} : { body: Buffer.from(form) }),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
  } catch (error) {
    if (error instanceof OutboundError) return null;
    throw error;
  }
}

function credentialsId({ settings, account }: Context<PaypalSettings>): string {
  const secret = createHash("sha256")
    .update(settings.clientSecret ?? "")
    .digest("hex");
  return `${apiOrigin(settings, account.live)} ${settings.clientId} ${secret}`;
}

/** The provider's clock, not ours; ours bounds it, and stands in where it says nothing. */
function dateOf(answer: Answer, now: Date): Date {
  const told = Date.parse(answer.headers.get("date") ?? "");
  return Number.isNaN(told) || told > now.getTime() ? now : new Date(told);
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), as a pause of at most a day. */
function retryAfter(answer: Answer, now: Date): number | null {
  const text = answer.headers.get("retry-after") ?? "";
  const pause = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(pause) ? null : Math.min(Math.max(pause, 0), MAX_RETRY_AFTER_MS);
}
