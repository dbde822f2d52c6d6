import { domainToASCII } from "node:url";
import type { Scope } from "../../payments/fact.ts";
import type { PaymentState } from "../../payments/state.ts";

/** By what customers are found again. Keys of test and of live money never meet. */

/** A path of 256 octets, less its angle brackets: RFC 5321 §4.5.3.1.3. */
const MAX_EMAIL = 254;
/** What the store's index takes, with room for the rest of the key. */
const MAX_PAYER = 200;

/**
 * One spelling for one mailbox, or null for what is none: trimmed, NFC, lower case, the domain in ASCII. Dots and tags of the
 * local part stay: to whom they are the same is the mail server's secret.
 */
export function normalizedEmail(text: string): string | null {
  const email = text.trim().normalize("NFC").toLowerCase().normalize("NFC");
  const at = email.lastIndexOf("@");
  const [local, domain] = [email.slice(0, Math.max(0, at)), email.slice(at + 1)];
  const ascii = /^[\x21-\x7e]*$/.test(domain) ? domain : domainToASCII(domain);
  const isDomain = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/.test(ascii);
  if (!isDomain || local === "" || /[@\s\p{Cc}\p{Cs}]/u.test(local)) return null;
  const normalized = `${local}@${ascii}`;
  return normalized.length > MAX_EMAIL ? null : normalized;
}

export function emailKey(email: string | null | undefined, live: boolean): string | null {
  const normalized = email == null ? null : normalizedEmail(email);
  return normalized === null ? null : `email/${modeOf(live)}/${normalized}`;
}

/** A payer's id means something within one account of one provider only. */
function payerKey(id: string | undefined, { provider, account, live }: Scope): string | null {
  if (id === undefined || id === "" || id.length > MAX_PAYER) return null;
  return `payer/${provider}/${account}/${modeOf(live)}/${id}`;
}

/** The payer's id first: of two keys that lead to two customers it is the provider's word, the e-mail the buyer's. */
export function keysOfPayment({ buyer, scope }: Pick<PaymentState, "buyer" | "scope">): readonly string[] {
  return [payerKey(buyer?.id, scope), emailKey(buyer?.email, scope.live)].filter((key) => key !== null);
}

function modeOf(live: boolean): string {
  return live ? "live" : "test";
}

export type ShownKey =
  | { readonly kind: "email"; readonly email: string }
  | { readonly kind: "payer"; readonly provider: string; readonly account: string; readonly id: string };

/** What a key says, for people. */
export function shownKey(key: string): ShownKey {
  const [kind, ...parts] = key.split("/");
  if (kind === "email") return { kind, email: parts.slice(1).join("/") };
  const [provider = "", account = ""] = parts;
  return { kind: "payer", provider, account, id: parts.slice(3).join("/") };
}
