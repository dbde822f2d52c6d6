import { createHash } from "node:crypto";
import { signIpn } from "../../src/gateways/stand-in.ts";
import type { Random } from "../random.ts";
import { tellStory } from "../stories/tell.ts";
import { send } from "./http.ts";
import type { PaypalSide } from "./paypal-side.ts";
import { FORM, newTransmissionId, paypalHeaders, type Signed, STRIPE_SECRET, stripeHeaders } from "./signer.ts";

/** A notification that no gateway sent, and what was answered. */
export interface Forgery {
  readonly kind: string;
  readonly hash: string;
  /** Classic IPN has no signature: it is stored unproven, and rejected once PayPal was asked. */
  readonly mayBeStored: boolean;
  readonly isAccepted: boolean;
}

/** Stories with numbers that no true story has. */
const FORGED_STORIES = 1_000_000_000;

/** Sends one invented notification, as somebody would who knows the shapes and not the secrets. */
export async function forge(parts: {
  readonly seed: number;
  readonly index: number;
  readonly random: Random;
  readonly side: PaypalSide;
  readonly url: string;
}): Promise<Forgery | null> {
  const { random, side } = parts;
  const story = tellStory(parts.seed, FORGED_STORIES + parts.index, Math.floor(Date.now() / 1000));
  // There are stories that no gateway tells anything of.
  if (story.messages.length === 0) return null;
  const message = random.pick(story.messages);
  const body = Buffer.from(message.body);
  const { kind, signed } = random.pick(forgeries(message.gateway, body, side));
  const answer = await send(parts.url + signed.path, {
    headers: { ...signed.headers, "x-forwarded-for": `203.0.113.${random.between(1, 200)}` },
    body: signed.body,
  });
  if (answer.kind === "lost") return null;
  return {
    kind,
    hash: createHash("sha256").update(signed.body).digest("hex"),
    mayBeStored: message.gateway === "paypal-ipn",
    isAccepted: answer.status >= 200 && answer.status < 300,
  };
}

/** What somebody could make of a true body without its secret. */
export function forgeries(
  gateway: string,
  body: Buffer,
  side: PaypalSide,
): readonly { readonly kind: string; readonly signed: Signed }[] {
  const now = Math.floor(Date.now() / 1000);
  const json = { "content-type": "application/json" };
  if (gateway === "paypal-ipn") {
    const path = "/ipn/paypal-ipn";
    return [
      { kind: "ipn of nobody", signed: { path, headers: FORM, body } },
      {
        kind: "ipn with another amount",
        signed: { path, headers: FORM, body: tampered(signIpn(body, side.ipnSecret)) },
      },
    ];
  }
  if (gateway === "paypal") {
    const path = "/ipn/paypal";
    const headers = paypalHeaders(body, newTransmissionId(), side);
    return [
      { kind: "paypal unsigned", signed: { path, headers: json, body } },
      { kind: "paypal with a bit changed", signed: { path, headers, body: tampered(body) } },
    ];
  }
  const path = "/ipn/stripe";
  return [
    { kind: "stripe unsigned", signed: { path, headers: json, body } },
    {
      kind: "stripe with another secret",
      signed: { path, headers: stripeHeaders(body, `${STRIPE_SECRET}x`, now), body },
    },
    {
      kind: "stripe with a bit changed",
      signed: { path, headers: stripeHeaders(body, STRIPE_SECRET, now), body: tampered(body) },
    },
    // Older than any clock under torture is wrong.
    { kind: "stripe of an hour ago", signed: { path, headers: stripeHeaders(body, STRIPE_SECRET, now - 3_600), body } },
  ];
}

/** A digit of the amount, or else the first digit there is, becomes another. */
function tampered(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const at = copy.findIndex((byte) => byte >= 0x30 && byte <= 0x38);
  copy[at] = (copy[at] ?? 0x30) + 1;
  return copy;
}
