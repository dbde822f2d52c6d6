import Stripe from "stripe";
import { CREATED, event, intent, type Json } from "./objects.ts";

/** Notifications that must be refused, one for each way to forge one. Signed by the SDK where a signature is what is abused. */

const SECRET = "whsec_4fRkZp2VbN8sXcW1yTqLmD6hJgUe3oAi";
const SENT = CREATED + 2;
const NOW = CREATED + 3;

const EVENT = event("payment_intent.succeeded", intent());
const BODY = JSON.stringify(EVENT, null, 2);

const header = (timestamp = SENT, secret = SECRET, scheme = "v1") =>
  Stripe.webhooks.generateTestHeaderString({ payload: BODY, secret, timestamp, scheme });
const GENUINE = header();
const MAC = GENUINE.slice(GENUINE.indexOf("v1=") + 3);
const NONSENSE = "0".repeat(64);

interface Refusal {
  readonly name: string;
  readonly reason: string;
  readonly signature?: string;
  readonly body?: string;
  readonly bodyBase64?: string;
}

const malformed = (name: string, signature: string): Refusal => ({ name, reason: "malformed", signature });
const forgedBody = (name: string, body: string): Refusal => ({ name, reason: "mismatch", signature: GENUINE, body });

const REFUSALS: readonly Refusal[] = [
  { name: "no signature header", reason: "unsigned" },
  { name: "an empty signature header", reason: "unsigned", signature: "" },
  malformed("two signature headers, joined as Node does", `${GENUINE}, ${GENUINE}`),
  malformed("two signature headers, joined without a space", `${GENUINE},${GENUINE}`),
  {
    name: "signed with another key",
    reason: "mismatch",
    signature: header(SENT, "whsec_0000000000000000000000000000000000"),
  },
  { name: "signed with a key of white space", reason: "mismatch", signature: header(SENT, "                ") },
  { name: "signed with nothing but the prefix", reason: "mismatch", signature: header(SENT, "whsec_") },
  { name: "signed with the secret less its prefix", reason: "mismatch", signature: header(SENT, SECRET.slice(6)) },
  forgedBody("the amount was changed", BODY.replace('"amount": 1999', '"amount": 9999')),
  forgedBody("the body was written again without spaces", JSON.stringify(EVENT)),
  forgedBody(
    "the keys of the body were reordered",
    JSON.stringify(Object.fromEntries(Object.entries(EVENT).reverse()), null, 2),
  ),
  forgedBody("a letter of the body was escaped", BODY.replace('"event"', '"\\u0065vent"')),
  forgedBody("a space was added to the body", `${BODY} `),
  forgedBody("the body is empty", ""),
  {
    name: "a byte order mark was put before the body, which the SDK drops",
    reason: "mismatch",
    signature: GENUINE,
    bodyBase64: Buffer.from(`\ufeff${BODY}`).toString("base64"),
  },
  { name: "signed under the older scheme only", reason: "malformed", signature: `t=${SENT},v0=${MAC}` },
  { name: "signed under a scheme to come only", reason: "malformed", signature: `t=${SENT},v2=${MAC}` },
  malformed("the signature in upper case", `t=${SENT},v1=${MAC.toUpperCase()}`),
  malformed("a digit too few", `t=${SENT},v1=${MAC.slice(1)}`),
  malformed("a digit too many", `t=${SENT},v1=${MAC}0`),
  malformed("no hexadecimal digits", `t=${SENT},v1=${"z".repeat(64)}`),
  malformed("a good signature beside a malformed one", `t=${SENT},v1=${MAC},v1=${MAC.slice(1)}`),
  malformed("a hundred signatures", `${GENUINE}${`,v1=${NONSENSE}`.repeat(99)}`),
  malformed("seventeen signatures", `${GENUINE}${`,v1=${NONSENSE}`.repeat(16)}`),
  malformed("seventeen signatures, most of other schemes", `${GENUINE}${`,v0=${NONSENSE}`.repeat(16)}`),
  malformed("two timestamps", `t=${SENT},t=${SENT},v1=${MAC}`),
  malformed("no timestamp", `v1=${MAC}`),
  malformed("a timestamp of letters", `t=abc,v1=${MAC}`),
  malformed("a timestamp signed as NaN, which the SDK accepts", signedAs("NaN")),
  malformed("a negative timestamp", `t=-1,v1=${MAC}`),
  malformed("a timestamp in exponents", `t=1e10,v1=${MAC}`),
  malformed("a timestamp with a fraction", `t=${SENT}.0,v1=${MAC}`),
  malformed("a timestamp with a zero in front", `t=0${SENT},v1=${MAC}`),
  malformed("a space after the comma", GENUINE.replace(",", ", ")),
  malformed("a comma at the end", `${GENUINE},`),
  { name: "301 seconds old", reason: "too_old", signature: header(NOW - 301) },
  { name: "301 seconds in the future, which the SDK accepts", reason: "in_the_future", signature: header(NOW + 301) },
  {
    name: "ten years in the future, which the SDK accepts",
    reason: "in_the_future",
    signature: header(NOW + 315_576_000),
  },
];

/** The SDK reads a timestamp with parseInt and signs what came out of it, which may be the word NaN. */
function signedAs(timestamp: string): string {
  const signed = Stripe.createNodeCryptoProvider().computeHMACSignature(`${timestamp}.${BODY}`, SECRET);
  return `t=${timestamp},v1=${signed}`;
}

export function refusals(): readonly Json[] {
  return REFUSALS.map(({ name, reason, signature, body, bodyBase64 }) => ({
    name: `refused: ${name}`,
    proof: "sdk",
    source: "stripe@23.1.0 webhooks.generateTestHeaderString, then tampered with as the name says",
    settings: { webhookSecrets: [SECRET] },
    account: { id: "default", live: false, receivers: [] },
    now: new Date(NOW * 1000).toISOString(),
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...(signature === undefined ? {} : { "stripe-signature": signature }),
    },
    ...(bodyBase64 === undefined ? { body: body ?? BODY } : { bodyBase64 }),
    expect: { verdict: `forged/${reason}` },
    tamper: { timeBound: true },
  }));
}
