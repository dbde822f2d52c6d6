import Stripe from "stripe";
import type { RawNotification, Verdict } from "../gateway.ts";
import { hmac, isAmong } from "../signing/hmac.ts";

/** Stripe's own tolerance, applied in both directions; the SDK checks the past only. */
export const TOLERANCE_SECONDS = 300;

/** Signatures of any scheme in one header. Stripe sends two v1 while a secret is rolled, and one v0 for test events. */
export const MAX_SIGNATURES = 16;

/** A timestamp and sixteen signatures of 64 hex digits are under 1,200 characters. */
const MAX_HEADER_LENGTH = 2_048;

const TIMESTAMP = /^t=(0|[1-9]\d{0,11})$/;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;
/** A scheme that we don't know: named and bounded, ignored. */
const OTHER_SCHEME = /^(?!t=|v1=)[a-z][a-z0-9]{0,15}=[!-+\--~]{1,200}$/;

interface SignatureHeader {
  /** Seconds since 1970 UTC, and the digits as they were signed. */
  readonly signedAt: number;
  readonly timestamp: string;
  readonly signatures: readonly Uint8Array[];
}

/** Stands in for a header that is none, and signs nothing. */
const NO_SIGNATURE: SignatureHeader = { signedAt: 0, timestamp: "0", signatures: [new Uint8Array(32)] };

/**
 * Whether one of `secrets` signed these bytes, within five minutes of `raw.receivedAt`.
 * Source: https://docs.stripe.com/webhooks/signature and stripe@23.1.0 esm/Webhooks.js, whose laxities NOTES.md lists.
 */
export function verifySignature(raw: RawNotification, secrets: readonly string[]): Verdict {
  const text = raw.headers.get("stripe-signature");
  const header = text ? readHeader(text) : null;
  // Before anything is refused: the hash is what takes time, and so the time does not tell why.
  const secret = secrets.find((candidate) => signsBytes(candidate, header ?? NO_SIGNATURE, raw.body));
  if (!text) return { kind: "forged", reason: "unsigned" };
  if (header === null) return { kind: "forged", reason: "malformed" };
  const age = Math.floor(raw.receivedAt.getTime() / 1000) - header.signedAt;
  if (age > TOLERANCE_SECONDS) return { kind: "forged", reason: "too_old" };
  if (age < -TOLERANCE_SECONDS) return { kind: "forged", reason: "in_the_future" };
  const isProven = secret !== undefined && isAcceptedBySdk(secret, text, raw);
  return isProven ? { kind: "authentic", nonce: null } : { kind: "forged", reason: "mismatch" };
}

/** Exactly one `t`, one to sixteen signatures of which one is a v1, and nothing else; null for anything but that. */
function readHeader(text: string): SignatureHeader | null {
  if (text.length > MAX_HEADER_LENGTH) return null;
  const parts = text.split(",");
  const timestamps = parts.flatMap((part) => TIMESTAMP.exec(part)?.[1] ?? []);
  const codes = parts.flatMap((part) => SIGNATURE.exec(part)?.[1] ?? []);
  const others = parts.filter((part) => OTHER_SCHEME.test(part)).length;
  const [timestamp] = timestamps;
  const isWellFormed =
    timestamps.length === 1 &&
    codes.length >= 1 &&
    codes.length + others <= MAX_SIGNATURES &&
    timestamps.length + codes.length + others === parts.length;
  if (!isWellFormed || timestamp === undefined) return null;
  return { signedAt: Number(timestamp), timestamp, signatures: codes.map((code) => Buffer.from(code, "hex")) };
}

/**
 * Our own check, over the bytes as they arrived. The SDK signs the decoded text instead: it drops a byte order mark and replaces
 * what is not UTF-8, so that bodies which Stripe never sent would verify. And it refuses by an exception, which costs several
 * times the hash: a flood of forgeries, and every secret but the right one, is turned away here.
 */
function signsBytes(secret: string, { timestamp, signatures }: SignatureHeader, body: Uint8Array): boolean {
  return isAmong(hmac({ hash: "sha256", secret, parts: [timestamp, ".", body] }), signatures);
}

/** The vendor's own word, without which nothing is authentic. */
function isAcceptedBySdk(secret: string, header: string, raw: RawNotification): boolean {
  const { signature } = Stripe.webhooks;
  if (signature === null) throw new Error("the stripe package brings no signature check");
  try {
    return signature.verifyHeader(raw.body, header, secret, TOLERANCE_SECONDS, undefined, raw.receivedAt.getTime());
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}
