import * as z from "zod";
import { isLoopback } from "../outbound.ts";
import { readCertificates } from "../signing/certificate.ts";

/** What this channel needs of an account. Addresses decide nothing for live accounts: those get PayPal's own, always. */
export interface PaypalSettings {
  /** The id that PayPal's dashboard shows for the webhook (not an event's id): part of what is signed. */
  readonly webhookId: string;
  readonly clientId: string | null;
  readonly clientSecret: string | null;
  /** Origin of the REST API; null: PayPal's of the account's mode. */
  readonly apiUrl: string | null;
  /** Origins that certificates may come from; empty: PayPal's of the account's mode. */
  readonly certHosts: readonly string[];
  /** Further authorities, PEM: roots in sandbox mode; for live accounts only steps on the way to a built-in root. */
  readonly certCaPem: string | null;
  /** Refuse what was transmitted longer ago; null: no bound (see NOTES.md, "Replay"). */
  readonly maxAgeMs: number | null;
}

const SANDBOX_API = "https://api-m.sandbox.paypal.com";
const LIVE_API = "https://api-m.paypal.com";
const SANDBOX_CERTIFICATES = ["https://api.sandbox.paypal.com", SANDBOX_API] as const;
const LIVE_CERTIFICATES = ["https://api.paypal.com", LIVE_API] as const;

/** PayPal repeats a delivery for three days, and nobody knows whether it stamps it anew: less would lose genuine ones. */
const MIN_MAX_AGE_MS = 3 * 86_400_000;

const httpOrigin = z
  .string()
  .max(300)
  .transform((text, context) => {
    const origin = readOrigin(text);
    if (origin !== null) return origin;
    context.issues.push({
      code: "custom",
      input: text,
      message: "must be a host or an origin: https, or http on loopback; without path",
    });
    return z.NEVER;
  });

export const paypalSettings: z.ZodType<PaypalSettings> = z
  .strictObject({
    webhookId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{5,100}$/, "must be the webhook's id as PayPal's dashboard shows it")
      // The simulator signs with this literal, so everybody can have a message signed for it.
      .refine((id) => id.toUpperCase() !== "WEBHOOK_ID", "is the simulator's placeholder, not a webhook's id"),
    clientId: z.string().trim().min(1).max(300).nullable().default(null),
    clientSecret: z.string().trim().min(1).max(300).nullable().default(null),
    apiUrl: httpOrigin.nullable().default(null),
    certHosts: z.array(httpOrigin).max(10).default([]),
    certCaPem: z
      .string()
      .max(65_536)
      .refine(
        (pem) => readCertificates(pem)?.every((certificate) => certificate.ca) ?? false,
        "must be certificates of authorities, PEM",
      )
      .nullable()
      .default(null),
    maxAgeMs: z.int().min(MIN_MAX_AGE_MS).nullable().default(null),
  })
  .refine((settings) => (settings.clientId === null) === (settings.clientSecret === null), {
    path: ["clientSecret"],
    message: "clientId and clientSecret come together",
  });

/** Where certificates may come from. A live account gets PayPal's own hosts, whatever is configured. */
export function certificateOrigins(settings: PaypalSettings, live: boolean): readonly string[] {
  if (live) return LIVE_CERTIFICATES;
  return settings.certHosts.length > 0 ? settings.certHosts : SANDBOX_CERTIFICATES;
}

/** The REST API's origin. A live account gets PayPal's own, whatever is configured. */
export function apiOrigin(settings: PaypalSettings, live: boolean): string {
  if (live) return LIVE_API;
  return settings.apiUrl ?? SANDBOX_API;
}

/** Certificate hosts tell the mode of a notification: the two lists have nothing in common. */
export function isLiveCertificate(certUrl: string): boolean {
  return LIVE_CERTIFICATES.some((origin) => certUrl.startsWith(`${origin}/`));
}

/** The name that the signing certificate must have. Source: PayPal-Java-SDK, SSLUtil.validateCertificateChain. */
export function certificateName(live: boolean): string {
  return live ? "messageverificationcerts.paypal.com" : "messageverificationcerts.sandbox.paypal.com";
}

function readOrigin(text: string): string | null {
  const candidate = (text.includes("://") ? text : `https://${text}`).replace(/\/$/, "");
  if (!URL.canParse(candidate)) return null;
  const url = new URL(candidate);
  if (url.origin !== candidate) return null;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)) ? url.origin : null;
}
