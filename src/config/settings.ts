import { isIP } from "node:net";
import * as z from "zod";
import { readAddress, readMailbox } from "../outbox/mail/address.ts";
import { readSmtpUrl } from "../outbox/mail/mail-settings.ts";
import { EFFECT_NAMES } from "../payments/effect-name.ts";
import { STOCK_RETURNS } from "../payments/stock.ts";

/**
 * Every setting, once: its name, its rule, its default. `.env.example` is compared with these by a test, and the
 * accounts of ACCOUNTS_FILE are read by the same rules. A rule's message never repeats the value.
 */

const text = z.string().trim().min(1, "is empty");

/** `a, b` → ["a", "b"]; an empty entry is refused, because an empty secret would verify anything. */
const list = z
  .string()
  .transform((value) => value.split(",").map((entry) => entry.trim()))
  .refine((entries) => entries.every((entry) => entry !== ""), "has an empty entry");

const port = z
  .string()
  .regex(/^\d{1,5}$/, "is not a port number")
  .transform(Number)
  .refine((value) => value <= 65_535, "is not a port number");

const wholeUrl = z
  .string()
  .refine((value) => isPlainUrl(value), "is not an http or https URL without credentials or query");

/** Event types, or `off` for none. */
const eventTypesOrOff = list.transform((entries) => (entries.join() === "off" ? [] : entries));

/** What one merchant account is made of: the environment tells the account `default`, ACCOUNTS_FILE tells others. */
export const accountShape = {
  STRIPE_WEBHOOK_SECRET: list.optional(),
  STRIPE_SECRET_KEY: text.optional(),
  STRIPE_MODE: z.enum(["test", "live"], "is neither test nor live").optional(),
  STRIPE_API_URL: wholeUrl.optional(),
  PAYPAL_WEBHOOK_ID: text.optional(),
  PAYPAL_CLIENT_ID: text.optional(),
  PAYPAL_CLIENT_SECRET: text.optional(),
  PAYPAL_MODE: z.enum(["sandbox", "live"], "is neither sandbox nor live").optional(),
  PAYPAL_RECEIVER: list.transform((entries) => entries.map((entry) => entry.toLowerCase())).optional(),
  PAYPAL_API_URL: wholeUrl.optional(),
  PAYPAL_IPN_URL: wholeUrl.optional(),
  PAYPAL_CERT_HOSTS: list.optional(),
  PAYPAL_CERT_CA_FILE: text.optional(),
  ORDERS: z.enum(["optional", "required"], "is neither optional nor required").optional(),
};

/** `Tea Shop Ltd | 1 Tea Street | London`: lines, as an environment variable has but one. */
const lines = (most: number) =>
  z
    .string()
    .transform((value) => value.split("|").map((line) => line.trim()))
    .refine((entries) => entries.every((entry) => entry !== ""), "has an empty line")
    .refine((entries) => entries.length <= most, `has more than ${most} lines`)
    .refine((entries) => entries.every((entry) => entry.length <= 300), "has a line of more than 300 characters");

const shortText = text.max(200, "is longer than 200 characters");

function wholeNumber(min: number, max: number, what: string) {
  const message = `is not a number of ${what} from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,5}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message);
}

export const environmentShape = {
  HOST: text.optional(),
  PORT: port.optional(),
  PUBLIC_URL: wholeUrl.transform((value) => value.replace(/(?<!\/)\/+$/, "")).optional(),
  ADMIN_HOST: text.optional(),
  ADMIN_PORT: port.optional(),
  TRUST_PROXY: list
    .refine((entries) => entries.every(isNarrowCidr), "is not a list of addresses or CIDR ranges")
    .optional(),
  DATABASE_URL: z
    .string()
    .refine((value) => /^(file:.+|postgres(ql)?:\/\/.+)$/.test(value), "is neither file:… nor postgresql://…")
    .optional(),
  DATA_DIR: text.optional(),
  API_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{20,200}$/, "is not 20 to 200 visible ASCII characters")
    .optional(),
  ...accountShape,
  ENDPOINT_ALLOW: list
    .refine((entries) => entries.every(isHostOrRange), "is not a list of host names, addresses and CIDR ranges")
    .optional(),
  ACCOUNTS_FILE: text.optional(),
  EFFECTS: list
    .transform((entries) => (entries.join() === "off" ? [] : entries))
    .pipe(z.array(z.enum(EFFECT_NAMES, "has a name that is none of the effects")))
    .optional(),
  STOCK_RETURNS: list
    .transform((entries) => (entries.join() === "off" ? [] : entries))
    .pipe(z.array(z.enum(STOCK_RETURNS, "has a word that is neither canceled nor refunded")))
    .optional(),
  DOWNLOADS_DIR: text.optional(),
  DOWNLOAD_DAYS: wholeNumber(1, 3_650, "days").optional(),
  DOWNLOAD_LIMIT: wholeNumber(1, 10_000, "times").optional(),
  KEEP_BODIES_DAYS: z
    .string()
    .regex(/^\d{1,5}$/, "is not a number of days from 7 to 36500")
    .transform(Number)
    .refine((value) => value >= 7 && value <= 36_500, "is not a number of days from 7 to 36500")
    .optional(),
  SELLER_NAME: shortText.optional(),
  SELLER_ADDRESS: lines(8).optional(),
  SELLER_TAX_ID: shortText.optional(),
  SELLER_EMAIL: shortText.optional(),
  SELLER_WEBSITE: shortText.optional(),
  DOCUMENT_LANGUAGE: z.enum(["en", "de"], "is neither en nor de").optional(),
  DOCUMENT_TIME_ZONE: text.refine(isTimeZone, "is no time zone such as Europe/Berlin").optional(),
  DOCUMENT_NOTE: lines(12).optional(),
  DOCUMENT_FONT: text.optional(),
  SMTP_URL: z
    .string()
    .trim()
    .refine(
      (value) => readSmtpUrl(value) !== null,
      "is neither smtp://… nor smtps://…, or has more than a host, a port and ?tls=",
    )
    .optional(),
  MAIL_FROM: z
    .string()
    .trim()
    .refine((value) => readMailbox(value) !== null, "is neither an e-mail address nor Name <address>")
    .optional(),
  MAIL_MERCHANT: z
    .string()
    .trim()
    .refine((value) => readAddress(value) !== null, "is not an e-mail address")
    .optional(),
  MAIL_LANGUAGE: z
    .string()
    .trim()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "is not a language, such as en or de")
    .optional(),
  MAIL_TEMPLATES: text.optional(),
  MAIL_BUYER_EVENTS: eventTypesOrOff.optional(),
  MAIL_MERCHANT_EVENTS: eventTypesOrOff.optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], "is not a level").optional(),
  SHUTDOWN_TIMEOUT_SECONDS: z
    .string()
    .regex(/^\d{1,3}$/, "is not a number of seconds from 1 to 300")
    .transform(Number)
    .refine((value) => value >= 1 && value <= 300, "is not a number of seconds from 1 to 300")
    .optional(),
};

/** Each of these may be given as `NAME_FILE` instead: the path of a file that holds it. */
export const SECRETS = [
  "DATABASE_URL",
  "API_TOKEN",
  "SMTP_URL",
  "STRIPE_WEBHOOK_SECRET",
  "STRIPE_SECRET_KEY",
  "PAYPAL_WEBHOOK_ID",
  "PAYPAL_CLIENT_ID",
  "PAYPAL_CLIENT_SECRET",
] as const;

export const environment = z.object(environmentShape);

export type Environment = z.infer<typeof environment>;

const eventTypes = z.record(z.string(), z.array(z.string().min(1)));

/** One account of ACCOUNTS_FILE: the account's settings by the names of the environment, and what has no place there. */
export const fileAccount = z.strictObject({
  id: z.string().regex(/^[a-z0-9_-]{1,40}$/, "is not 1 to 40 of a-z 0-9 - _"),
  ...accountShape,
  /** By gateway id: event types to acknowledge and ignore; a trailing `*` matches any ending. */
  ignore: eventTypes.default({}),
  /** By gateway id: the fields that may carry the order's reference, first match first. */
  orderFields: eventTypes.default({}),
  /** Stripe Connect: connected accounts whose money counts as ours. */
  merchants: z.array(z.string().min(1)).default([]),
});

export type FileAccount = z.infer<typeof fileAccount>;

/** The account's settings alone, as the environment and a file's entry both have them. */
export type AccountSettings = Pick<Environment, keyof typeof accountShape>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const url = new URL(value);
  const http = url.protocol === "https:" || url.protocol === "http:";
  return http && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

/** `shop.internal`, `10.1.2.3`, `10.1.0.0/16`: a host without scheme, port or path. */
function isHostOrRange(entry: string): boolean {
  const [address = "", prefix, ...rest] = entry.split("/");
  if (isIP(address) === 0) return /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i.test(entry);
  return prefix === undefined || (rest.length === 0 && isPrefix(prefix, isIP(address)));
}

/** An address or a CIDR range, but not one that names everybody: then any sender could write its own address. */
function isNarrowCidr(entry: string): boolean {
  const [address = "", prefix, ...rest] = entry.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return isPrefix(prefix, family);
}

function isPrefix(prefix: string, family: number): boolean {
  const bits = Number(prefix);
  return /^\d{1,3}$/.test(prefix) && bits >= 1 && bits <= (family === 4 ? 32 : 128);
}
