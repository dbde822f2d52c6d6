import * as z from "zod";
import { MAX_AMOUNT, readCurrency } from "../../payments/money.ts";
import { includedTax, readTaxRate } from "../../payments/tax.ts";
import { isFileName } from "../download/file-name.ts";
import { readInputStates, readOrderStatuses, readPaymentStatuses, readSubscriptionStatuses } from "./words.ts";

/** What the API takes. Unknown members are refused by name: a misspelt one must not be a silent default. */

const MAX_LINES = 1_000;

/** No control characters and no halves of surrogate pairs: neither database stores them alike. */
export const printable = (max: number) =>
  z
    .string("must be a text")
    .min(1, "must not be empty")
    .max(max, `must not be longer than ${max} characters`)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "must not contain control characters");

const untrimmed = /^\s|\s$/;
export const trimmed = (max: number) =>
  printable(max).refine((text) => !untrimmed.test(text), "must not begin or end with a space");
export const orderReference = trimmed(200);

const currency = z.string("must be a text").transform((text, context) => {
  const code = readCurrency(text);
  if (code !== null) return code;
  context.addIssue({ code: "custom", message: "must be an ISO 4217 currency, such as USD" });
  return z.NEVER;
});

/** Money as sent: a whole number of minor units. A fraction would be a guess, so it is refused. */
const minorUnits = (min: bigint) =>
  z
    .number("must be a whole number of minor units")
    .int("must be a whole number of minor units: 19.99 USD is 1999")
    .transform(BigInt)
    .refine((amount) => amount >= min && amount <= MAX_AMOUNT, `must be between ${min} and ${MAX_AMOUNT}`);

export const time = z
  .string("must be an ISO 8601 time")
  .refine(
    (text) => z.iso.datetime({ offset: true }).safeParse(text).success,
    "must be an ISO 8601 time with Z or an offset",
  )
  .transform((text) => new Date(text))
  .refine((date) => Math.abs(date.getUTCFullYear() - 2100) < 200, "must be a time of these centuries");

/** A BCP 47 language tag, such as `de` or `pt-BR`; kept in its canonical form. */
const locale = printable(35).transform((text, context) => {
  try {
    const [canonical] = Intl.getCanonicalLocales(text);
    if (canonical !== undefined) return canonical;
  } catch {
    // A RangeError: not a tag.
  }
  context.addIssue({ code: "custom", message: "must be a language tag, such as de or pt-BR" });
  return z.NEVER;
});

const customer = z
  .strictObject({
    email: printable(320).nullish(),
    name: printable(200).nullish(),
    locale: locale.nullish(),
    company: printable(200).nullish(),
    address: z.array(printable(100), "must be a list of lines").max(8, "must not have more than 8 lines").nullish(),
    taxId: printable(50).nullish(),
  })
  .transform(({ email, name, locale, company, address, taxId }) => ({
    email: email ?? null,
    name: name ?? null,
    locale: locale ?? null,
    company: company ?? null,
    address: address ?? [],
    taxId: taxId ?? null,
  }));

const taxRate = z.string('must be a percentage as text: "19"').transform((text, context) => {
  const rate = readTaxRate(text);
  if (rate !== null) return rate;
  context.addIssue({ code: "custom", message: 'must be a percentage from 0 to 100 with at most 4 decimals: "7.7"' });
  return z.NEVER;
});

/** Neither a script nor a place without TLS, and no secret in it. */
const httpsAddress = (max: number) =>
  printable(max)
    .refine((text) => URL.canParse(text) && new URL(text).protocol === "https:", "must be an https address")
    .transform((text) => new URL(text))
    .refine(({ username, password }) => username === "" && password === "", "must not contain credentials")
    .transform(({ href }) => href);

const whole = (min: number, max: number) =>
  z.number("must be a whole number").int("must be a whole number").min(min).max(max);

const downloadLimit = whole(1, 10_000);

const download = z
  .strictObject({
    file: z.string("must be a text").refine(isFileName, "must be a file's name below DOWNLOADS_DIR").optional(),
    url: httpsAddress(1_000).optional(),
    name: printable(200).optional(),
    days: whole(1, 3_650).optional(),
    limit: downloadLimit.optional(),
  })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), "must have either file or url");

/** The name of a pool of license keys. */
export const poolName = z
  .string("must be a text")
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "must be 1 to 100 of A-Z a-z 0-9 . _ -");

/** A rate alone tells the tax: it is worked out here, once, and kept with the order. */
const line = z
  .strictObject({
    sku: printable(100),
    name: printable(300),
    quantity: z.number("must be a whole number").int("must be a whole number").min(1).max(1_000_000),
    amount: minorUnits(0n),
    taxRate: taxRate.nullish(),
    tax: minorUnits(0n).nullish(),
    download: download.nullish(),
    license: poolName.nullish(),
  })
  .refine(({ amount, tax }) => (tax ?? 0n) <= amount, { path: ["tax"], message: "must not be more than the amount" })
  .transform(({ taxRate: told, tax, ...rest }) => {
    const rate = told ?? null;
    return { ...rest, taxRate: rate, tax: tax ?? (rate === null ? null : includedTax(rest.amount, rate)) };
  });

/** A line as it was told: what it promises besides is yet to be checked. */
export type ToldLine = z.output<typeof line>;

const lines = z.array(line, "must be a list").max(MAX_LINES, `must not have more than ${MAX_LINES} lines`);

/** Whoever follows it leaves us: where to is the merchant's word. */
const returnUrl = httpsAddress(2_000);

const expectation = {
  currency,
  total: minorUnits(0n),
  payments: z.enum(["exact", "several"], "must be exact or several"),
  recurring: z.boolean("must be true or false"),
  customer: customer.nullable(),
  lines,
  expiresAt: time.transform((date) => date.getTime()).nullable(),
  returnUrl: returnUrl.nullable(),
};

export const registration = z.strictObject({
  reference: orderReference,
  currency: expectation.currency,
  total: expectation.total,
  payments: expectation.payments.default("exact"),
  recurring: expectation.recurring.default(false),
  live: z.boolean("must be true or false").optional(),
  customer: expectation.customer.default(null),
  lines: expectation.lines.default([]),
  expiresAt: expectation.expiresAt.default(null),
  returnUrl: expectation.returnUrl.default(null),
});

export const change = z
  .strictObject({
    version: z.number("must be the order's version").int().min(1),
    ...z.object(expectation).partial().shape,
  })
  .refine((body) => Object.keys(body).length > 1, "nothing is to be changed");

export const cancellation = z.strictObject({ reason: printable(500).nullish() });

export const outsidePayment = z
  .strictObject({
    reference: printable(200),
    method: z.enum(["bank_transfer", "cash", "correction"], "must be bank_transfer, cash or correction"),
    currency,
    amount: minorUnits(-MAX_AMOUNT),
    at: time.optional(),
    by: printable(200),
    reason: printable(500),
  })
  .refine(({ amount, method }) => amount > 0n || (method === "correction" && amount !== 0n), {
    path: ["amount"],
    message: "must be positive; only a correction may be negative",
    // Also beside other problems, so that all are told at once; what is no amount was told already.
    when: ({ value }) =>
      typeof value === "object" && value !== null && typeof Reflect.get(value, "amount") === "bigint",
  });

export const renewal = z.strictObject({
  by: printable(200),
  reason: printable(500).optional(),
  sku: printable(100).optional(),
  expiresAt: time.optional(),
  limit: downloadLimit.optional(),
});

/** What a key may be is checked with all of them: `checkKeys`. */
export const licenseLoad = z.strictObject({ keys: z.array(z.string("must be a text"), "must be a list") });

export const verdict = z.strictObject({ by: printable(200), reason: printable(500), order: orderReference.nullish() });

/** A query's value: Fastify gives a list where a name comes twice, and that is refused. */
const word = printable(300);
export const statusesBy = <Word>(readWords: (text: string) => readonly Word[] | null) =>
  word.transform((text, context) => {
    const found = readWords(text);
    if (found !== null) return found;
    context.addIssue({ code: "custom", message: "is not a known word" });
    return z.NEVER;
  });

export const paging = {
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "must be a number from 1 to 100")
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 100, "must be a number from 1 to 100")
    .default(25),
  cursor: z.string().min(1).max(500).optional(),
};
const period = { since: time.optional(), until: time.optional() };
export const yesNo = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

export const licenseQuery = z.strictObject({ live: yesNo.optional() });

export const orderQuery = z.strictObject({
  status: statusesBy(readOrderStatuses).optional(),
  customer: word.optional(),
  ...period,
  ...paging,
});

export const paymentQuery = z.strictObject({
  gateway: word.optional(),
  account: word.optional(),
  reference: word.optional(),
  order: word.optional(),
  customer: word.optional(),
  subscription: word.optional(),
  status: statusesBy(readPaymentStatuses).optional(),
  live: z.enum(["true", "false", "all"], "must be true, false or all").optional(),
  held: yesNo.optional(),
  ...period,
  ...paging,
});

export const subscriptionQuery = z.strictObject({
  gateway: word.optional(),
  account: word.optional(),
  reference: word.optional(),
  order: word.optional(),
  status: statusesBy(readSubscriptionStatuses).optional(),
  live: z.enum(["true", "false", "all"], "must be true, false or all").optional(),
  ...paging,
});

/** `assets:cash` is also those below it: `assets:cash:stripe:default`. */
const ledgerAccount = z.string().regex(/^[a-z]+(:[^\s:]{1,100}){0,5}$/, "must be an account, such as assets:cash");

export const ledgerQuery = z.strictObject({
  payment: word.optional(),
  order: word.optional(),
  account: ledgerAccount.optional(),
  currency: currency.optional(),
  live: z.enum(["true", "false", "all"], "must be true, false or all").optional(),
  ...period,
  ...paging,
});

export const balancesQuery = z.strictObject({
  live: z.enum(["true", "false", "all"], "must be true, false or all").optional(),
  until: period.until,
});

export const ledgerExportQuery = z.strictObject({ live: yesNo.optional(), ...period });

export const statementQuery = z.strictObject(paging);

export const notificationQuery = z.strictObject({
  gateway: word.optional(),
  account: word.optional(),
  outcome: statusesBy(readInputStates).optional(),
  reason: word.optional(),
  payment: word.optional(),
  ...period,
  ...paging,
});

/** `order.paid,payment.*` → both. */
const eventTypes = word
  .transform((text) => text.split(","))
  .refine(
    (types) => types.every((type) => /^[a-z_]{1,40}\.([a-z_]{1,40}|\*)$/.test(type)),
    "must be event types, such as order.paid or payment.*",
  );

export const eventFilter = z.strictObject({
  type: eventTypes.optional(),
  order: word.optional(),
  payment: word.optional(),
});

export const eventQuery = z.strictObject({ ...eventFilter.shape, ...paging });

export const eventStreamQuery = z.strictObject({ ...eventFilter.shape, after: z.string().min(1).max(100).optional() });

/** Newer ids are made as other rows' are; nothing else of an id is promised. */
export const eventId = z.string().regex(/^evt_[0-9a-z]{10,40}$/, "is not an event's id");

/** The number of a document as it is printed: `C-000017`. */
export const documentNumber = z.string().regex(/^(TEST-)?C-\d{6,10}$/, "is not a credit note's number");

/** Ids of our own rows. */
export const rowId = z.string().regex(/^[a-z]{3}_[0-9a-z]{10,40}$/, "is not an id");
