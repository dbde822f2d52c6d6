import { createHmac, timingSafeEqual } from "node:crypto";

export interface HmacSigned {
  readonly hash: "sha256" | "sha512" | "sha1";
  /** Text is taken as UTF-8. An empty key would let anybody sign, so it is refused with a RangeError: a fault of ours. */
  readonly secret: string | Uint8Array;
  /** What was signed, in order, each part as it arrived: no copy of a body is made to put a timestamp before it. */
  readonly parts: readonly (string | Uint8Array)[];
}

/** The code of `parts` under `secret` (RFC 2104). */
export function hmac({ hash, secret, parts }: HmacSigned): Uint8Array {
  if (secret.length === 0) throw new RangeError("an HMAC secret must not be empty");
  const digest = createHmac(hash, secret);
  for (const part of parts) digest.update(part);
  return digest.digest();
}

/** Whether `code` is one of `signatures`, in time that doesn't depend on which, or on where they differ. Other lengths are none of it. */
export function isAmong(code: Uint8Array, signatures: readonly Uint8Array[]): boolean {
  const matches = signatures.filter((other) => other.length === code.length && timingSafeEqual(other, code));
  return matches.length > 0;
}

/** Whether `signature` is the code of what is signed: for gateways that send one. */
export function isHmac(signature: Uint8Array, signed: HmacSigned): boolean {
  return isAmong(hmac(signed), [signature]);
}
