import type { Mailbox } from "./address.ts";

/** How mail goes out, as configured. */
export interface MailSettings {
  /** Null: no mail goes out. */
  readonly smtp: SmtpSettings | null;
  /** Whom mail comes from; null only without a server. */
  readonly from: Mailbox | null;
  /** Where the merchant hears; null: nowhere. */
  readonly merchant: string | null;
  /** The templates' language where an order names none, and of all that goes to the merchant. */
  readonly language: string;
  /** The merchant's own templates, laid over the shipped ones; null: none. */
  readonly templates: string | null;
  /** Types of events that are mailed, each of which has a message. */
  readonly buyerEvents: readonly string[];
  readonly merchantEvents: readonly string[];
}

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `from_the_start` (smtps), `required` or `if_offered` (STARTTLS). Certificates are always checked. */
  readonly tls: "from_the_start" | "required" | "if_offered";
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

/**
 * `smtp://user:password@mail.example.com:587`, `smtps://…`; null when it is anything else. A password is never sent in the
 * clear, but for `?tls=if_offered` and on this machine.
 */
export function readSmtpUrl(text: string): SmtpSettings | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const isImplicit = url.protocol === "smtps:";
  const wanted = url.search === "" ? null : url.search.slice("?tls=".length);
  const isKnown =
    url.search === "" || (url.search.startsWith("?tls=") && (wanted === "required" || wanted === "if_offered"));
  const isPlain = ["", "/"].includes(url.pathname) && url.hash === "";
  if (!(isImplicit || url.protocol === "smtp:") || url.hostname === "" || !isPlain || !isKnown) return null;
  const credentials = credentialsIn(url);
  if (credentials === undefined) return null;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const byDefault = credentials !== null && !LOOPBACK.has(host) ? "required" : "if_offered";
  return {
    host,
    port: url.port === "" ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? "from_the_start" : wanted === "required" || wanted === "if_offered" ? wanted : byDefault,
    credentials,
  };
}

/** Undefined where they can't be read. */
function credentialsIn({ username, password }: URL): SmtpSettings["credentials"] | undefined {
  if (username === "" && password === "") return null;
  try {
    return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}
