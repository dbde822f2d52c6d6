import { createHmac, randomBytes } from "node:crypto";
import type { SigningSecret } from "../../store/outbox.ts";

/**
 * Standard Webhooks 1.0.0: HMAC-SHA256 over `<id>.<seconds>.<body>` under each secret that is valid, newest first. A dozen
 * lines over Node's own HMAC; that the `standardwebhooks` package verifies them is shown by the tests.
 */

const PREFIX = "whsec_";
/** The standard asks for 24 to 64. */
const SECRET_BYTES = 32;

export function newSigningSecret(): string {
  return `${PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;
}

export function signatureHeaders(
  message: { readonly id: string; readonly body: string },
  secrets: readonly SigningSecret[],
  now: Date,
): Readonly<Record<string, string>> {
  const seconds = String(Math.floor(now.getTime() / 1000));
  const valid = secrets.filter(({ until }) => until === null || until > now);
  const signatures = valid.map(({ secret }) => {
    const key = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${message.id}.${seconds}.${message.body}`).digest("base64")}`;
  });
  return {
    "webhook-id": message.id,
    "webhook-timestamp": seconds,
    "webhook-signature": signatures.join(" "),
  };
}
