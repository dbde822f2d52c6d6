import { readFileSync, statSync } from "node:fs";
import * as z from "zod";
import type { DocumentSettings } from "../documents/documents.ts";
import type { AccountConfig } from "../gateways/account.ts";
import { readMailbox } from "../outbox/mail/address.ts";
import type { MailSettings } from "../outbox/mail/mail-settings.ts";
import { EFFECT_NAMES, type EffectName } from "../payments/effect-name.ts";
import { STOCK_RETURNS, type StockReturn } from "../payments/stock.ts";
import { type AccountParts, type Notice, noticesOf, paypalAccount, stripeAccount } from "./account-settings.ts";
import { accountProblems, secretProblems } from "./checks.ts";
import { mailNotices, mailProblems, mailSettings } from "./mail.ts";
import {
  accountShape,
  type Environment,
  environment,
  environmentShape,
  type FileAccount,
  fileAccount,
  SECRETS,
} from "./settings.ts";

/** The only reader of the environment. Every problem is said at once, and no value is ever shown. */

export interface Config {
  readonly production: boolean;
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end: what gateways and browsers call us by. */
  readonly publicUrl: string;
  /** The merchant's name for buyers. */
  readonly shop: string;
  /** Null: everything listens on `port`. */
  readonly admin: { readonly host: string; readonly port: number } | null;
  /** Addresses and CIDR ranges whose X-Forwarded-For is believed. */
  readonly trustProxy: readonly string[];
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly apiToken: string | null;
  /** How long bodies of settled notifications are kept; null is for ever. */
  readonly keepBodiesMs: number | null;
  /** What else follows from payments and orders. */
  readonly effects: ReadonlySet<EffectName>;
  /** What gives an order's goods back to the stock. */
  readonly stockReturns: ReadonlySet<StockReturn>;
  readonly downloads: DownloadSettings;
  readonly logLevel: string;
  readonly shutdownTimeoutMs: number;
  readonly documents: DocumentSettings;
  /** Hosts, addresses and CIDR ranges that endpoints may have though they are not of the public Internet. */
  readonly endpointAllow: readonly string[];
  readonly mail: MailSettings;
  /** Empty only outside production: then test accounts are made. */
  readonly accounts: readonly AccountConfig[];
  readonly notices: readonly Notice[];
}

export interface DownloadSettings {
  /** The folder of the files that orders may name; null where there is none. */
  readonly folder: string | null;
  /** What an order's line says, where it says nothing itself. */
  readonly days: number;
  readonly limit: number;
}

export interface Files {
  /** Throws when there is no such file. `mode` is 0 where the system has none. */
  read(path: string): { readonly text: string; readonly mode: number };
}

export type ConfigAnswer =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

type Variables = Readonly<Record<string, string | undefined>>;

const accountsFile = z.strictObject({ accounts: z.array(fileAccount).max(100) });

export function loadConfig(): ConfigAnswer {
  return readConfig(process.env, nodeFiles);
}

/** Where the service listens on this machine, for the container's health check: read without needing the secrets. */
export function localAddress(): { readonly host: string; readonly port: number } {
  const { HOST, PORT } = process.env;
  const host = !HOST || HOST === "0.0.0.0" ? "127.0.0.1" : HOST === "::" ? "::1" : HOST;
  return { host, port: Number(PORT || DEFAULT_PORT) };
}

const DEFAULT_PORT = 8080;
const DAY_MS = 24 * 60 * 60 * 1000;
/** What NODE_ENV may be besides `production`: the names that the tools around Node use. */
const TEST_MODES: ReadonlySet<string> = new Set(["development", "test"]);

export function readConfig(variables: Variables, files: Files): ConfigAnswer {
  const production = variables.NODE_ENV === "production";
  const problems: string[] = [];
  const settings = readEnvironment(variables, files, production, problems);
  const accounts = readAccounts(settings, files, production, problems);
  problems.push(...processProblems(variables, settings, production));
  for (const account of accounts) problems.push(...accountProblems(account, production));
  const served = accounts.flatMap((account) =>
    [stripeAccount(account), paypalAccount(account)].filter((one) => one !== null),
  );
  // What names a gateway and is wrong has been told already.
  if (production && served.length === 0 && (problems.length === 0 || !namesGateway(variables))) {
    problems.push(
      "no gateway is configured: set STRIPE_WEBHOOK_SECRET, PAYPAL_WEBHOOK_ID or PAYPAL_RECEIVER, or ACCOUNTS_FILE",
    );
  }
  if (problems.length > 0) return { ok: false, problems };
  const notices = [
    ...unknownNames(variables),
    ...accounts.flatMap(noticesOf),
    ...placeNotices(settings, production),
    ...mailNotices(settings),
  ];
  return { ok: true, config: { ...processConfig(settings, production), accounts: served, notices } };
}

function namesGateway(variables: Variables): boolean {
  return Object.entries(variables).some(
    ([name, value]) => /^(STRIPE_|PAYPAL_|ACCOUNTS_FILE$)/.test(name) && value?.trim(),
  );
}

function processConfig(settings: Environment, production: boolean): Omit<Config, "accounts" | "notices"> {
  // Without a configuration nobody but this machine should reach the test accounts.
  const host = settings.HOST ?? (production ? "0.0.0.0" : "127.0.0.1");
  const port = settings.PORT ?? DEFAULT_PORT;
  const dataDir = settings.DATA_DIR ?? "./data";
  const publicUrl = settings.PUBLIC_URL ?? `http://localhost:${port}`;
  return {
    production,
    host,
    port,
    publicUrl,
    admin:
      settings.ADMIN_PORT === undefined
        ? null
        : { host: settings.ADMIN_HOST ?? "127.0.0.1", port: settings.ADMIN_PORT },
    shop: shopName(settings, publicUrl),
    trustProxy: settings.TRUST_PROXY ?? [],
    databaseUrl: settings.DATABASE_URL ?? `file:${dataDir}/paybell.db`,
    dataDir,
    apiToken: settings.API_TOKEN ?? null,
    keepBodiesMs: settings.KEEP_BODIES_DAYS === undefined ? null : settings.KEEP_BODIES_DAYS * DAY_MS,
    effects: new Set(settings.EFFECTS ?? EFFECT_NAMES),
    stockReturns: new Set(settings.STOCK_RETURNS ?? STOCK_RETURNS),
    downloads: {
      folder: settings.DOWNLOADS_DIR ?? null,
      days: settings.DOWNLOAD_DAYS ?? 30,
      limit: settings.DOWNLOAD_LIMIT ?? 10,
    },
    logLevel: settings.LOG_LEVEL ?? "info",
    endpointAllow: settings.ENDPOINT_ALLOW ?? [],
    shutdownTimeoutMs: (settings.SHUTDOWN_TIMEOUT_SECONDS ?? 10) * 1000,
    documents: documentSettings(settings),
    mail: mailSettings(settings),
  };
}

/** As buyers know it: the seller's name, else that of who writes their mails, else where they are. */
function shopName({ SELLER_NAME, MAIL_FROM }: Environment, publicUrl: string): string {
  const writer = MAIL_FROM === undefined ? "" : (readMailbox(MAIL_FROM)?.name ?? "");
  return SELLER_NAME ?? (writer === "" ? new URL(publicUrl).hostname : writer);
}

function documentSettings(settings: Environment): DocumentSettings {
  return {
    seller: {
      name: settings.SELLER_NAME ?? null,
      address: settings.SELLER_ADDRESS ?? [],
      taxId: settings.SELLER_TAX_ID ?? null,
      email: settings.SELLER_EMAIL ?? null,
      website: settings.SELLER_WEBSITE ?? null,
    },
    language: settings.DOCUMENT_LANGUAGE ?? "en",
    timeZone: settings.DOCUMENT_TIME_ZONE ?? "UTC",
    note: settings.DOCUMENT_NOTE ?? [],
    font: settings.DOCUMENT_FONT ?? null,
  };
}

/** Reads all there is to read: what breaks a rule is left out, so that the rules over several settings are checked as well. */
function readEnvironment(variables: Variables, files: Files, production: boolean, problems: string[]): Environment {
  const given = withSecretFiles(onlyKnown(variables, environmentShape), variables, files, production, problems);
  return readLeniently(given, problems);
}

function readLeniently(given: Readonly<Record<string, string>>, problems: string[]): Environment {
  const parsed = environment.safeParse(given);
  if (parsed.success) return parsed.data;
  const broken = new Set(parsed.error.issues.map((issue) => String(issue.path[0])));
  problems.push(...parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`));
  return environment.parse(Object.fromEntries(Object.entries(given).filter(([name]) => !broken.has(name))));
}

/** Blank is not set: `NAME=` in an .env file means that there is none. */
function onlyKnown(variables: Variables, shape: Readonly<Record<string, unknown>>): Record<string, string> {
  const known: Record<string, string> = {};
  for (const name of Object.keys(shape)) {
    const value = variables[name];
    if (value !== undefined && value.trim() !== "") known[name] = value;
  }
  return known;
}

function withSecretFiles(
  given: Record<string, string>,
  variables: Variables,
  files: Files,
  production: boolean,
  problems: string[],
): Record<string, string> {
  const all = { ...given };
  for (const name of SECRETS) {
    const path = variables[`${name}_FILE`]?.trim();
    if (!path) continue;
    if (given[name] !== undefined) problems.push(`${name} and ${name}_FILE are both set`);
    const secret = readSecretFile(`${name}_FILE`, path, files, production, problems);
    if (secret !== null) all[name] = secret;
  }
  return all;
}

function readSecretFile(
  name: string,
  path: string,
  files: Files,
  production: boolean,
  problems: string[],
): string | null {
  const file = readFile(name, path, files, problems);
  if (!file) return null;
  // Docker mounts secrets 0444 in memory, in a place that only the container sees.
  if (production && (file.mode & 0o004) !== 0 && !path.startsWith("/run/secrets/")) {
    problems.push(`${name}: everybody on this machine can read the file; chmod 600 it`);
  }
  const secret = file.text.trim();
  if (secret === "") problems.push(`${name}: the file is empty`);
  return secret === "" ? null : secret;
}

function readFile(name: string, path: string, files: Files, problems: string[]): ReturnType<Files["read"]> | null {
  try {
    return files.read(path);
  } catch {
    problems.push(`${name}: there is no readable file of that name`);
    return null;
  }
}

function readAccounts(
  settings: Environment,
  files: Files,
  production: boolean,
  problems: string[],
): readonly AccountParts[] {
  const entries = settings.ACCOUNTS_FILE ? readAccountsFile(settings.ACCOUNTS_FILE, files, production, problems) : [];
  const ids = entries.map((entry) => entry.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index)))
    problems.push(`ACCOUNTS_FILE: account ${id} comes twice`);
  const byDefault = entries.find((entry) => entry.id === "default");
  const defaults = { ...byDefault, ...pickAccount(settings) };
  return [
    accountParts("default", defaults, byDefault, files, production, problems),
    ...entries
      .filter((entry) => entry.id !== "default")
      .map((entry) => accountParts(entry.id, entry, entry, files, production, problems)),
  ];
}

function accountParts(
  id: string,
  settings: AccountParts["settings"],
  extras: FileAccount | undefined,
  files: Files,
  production: boolean,
  problems: string[],
): AccountParts {
  const path = settings.PAYPAL_CERT_CA_FILE;
  return {
    id,
    settings,
    extras: {
      ignore: extras?.ignore ?? {},
      orderFields: extras?.orderFields ?? {},
      merchants: extras?.merchants ?? [],
    },
    liveByDefault: production,
    certCaPem: path ? (readFile("PAYPAL_CERT_CA_FILE", path, files, problems)?.text ?? null) : null,
  };
}

/** Only what is set, so that it goes over what ACCOUNTS_FILE says of the account `default`. */
function pickAccount(settings: Environment): AccountParts["settings"] {
  const names = new Set(Object.keys(accountShape));
  return Object.fromEntries(Object.entries(settings).filter(([name, value]) => names.has(name) && value !== undefined));
}

function readAccountsFile(path: string, files: Files, production: boolean, problems: string[]): readonly FileAccount[] {
  const file = readFile("ACCOUNTS_FILE", path, files, problems);
  if (!file) return [];
  const raw = parseJson(file.text);
  if (raw === undefined) {
    problems.push("ACCOUNTS_FILE: not JSON");
    return [];
  }
  const resolved = resolveSecretFiles(raw, files, production, problems);
  const parsed = accountsFile.safeParse(resolved);
  if (parsed.success) return parsed.data.accounts;
  problems.push(...parsed.error.issues.map((issue) => `ACCOUNTS_FILE: ${issue.path.join(".")} ${issue.message}`));
  return [];
}

/** The file's entries name secrets as the environment does: by value, or by `NAME_FILE`. */
function resolveSecretFiles(raw: unknown, files: Files, production: boolean, problems: string[]): unknown {
  if (!isRecord(raw) || !Array.isArray(raw.accounts)) return raw;
  const accounts = raw.accounts.map((entry: unknown) => {
    if (!isRecord(entry)) return entry;
    const resolved: Record<string, unknown> = { ...entry };
    for (const name of SECRETS) {
      const place = `${name}_FILE`;
      const path = entry[place];
      if (typeof path !== "string") continue;
      delete resolved[place];
      resolved[name] = readSecretFile(`ACCOUNTS_FILE: ${place}`, path, files, production, problems) ?? undefined;
    }
    return resolved;
  });
  return { ...raw, accounts };
}

function processProblems(variables: Variables, settings: Environment, production: boolean): readonly string[] {
  const problems: string[] = [...mailProblems(settings)];
  if (settings.ADMIN_PORT !== undefined && settings.ADMIN_PORT === (settings.PORT ?? DEFAULT_PORT)) {
    problems.push("ADMIN_PORT and PORT are the same");
  }
  if (!production) {
    const mode = variables.NODE_ENV?.trim() ?? "";
    // `prod` would serve generated test accounts where somebody believes to be live.
    if (mode !== "" && !TEST_MODES.has(mode)) problems.push("NODE_ENV is neither production, development nor test");
    return problems;
  }
  if (variables.NODE_TLS_REJECT_UNAUTHORIZED === "0") {
    problems.push("NODE_TLS_REJECT_UNAUTHORIZED is 0: anybody on the way could answer for the gateways");
  }
  if (settings.API_TOKEN === undefined) {
    // One that breaks the rule, or whose file can't be read, has been told already.
    const isGiven = [variables.API_TOKEN, variables.API_TOKEN_FILE].some((value) => value?.trim());
    if (!isGiven) problems.push("API_TOKEN is not set: production does not generate one");
  } else problems.push(...secretProblems("API_TOKEN", [settings.API_TOKEN], production));
  return problems;
}

/** A misspelt secret is a gateway that is not served: say so, where the name looks like one of ours. */
function unknownNames(variables: Variables): readonly Notice[] {
  const known = new Set([...Object.keys(environmentShape), ...SECRETS.map((name) => `${name}_FILE`)]);
  return Object.keys(variables)
    .filter((name) => /^(STRIPE|PAYPAL|SELLER|DOCUMENT|SMTP|MAIL)_/.test(name) && !known.has(name))
    .map((name) => ({ account: "*", gateway: null, message: `${name} is set, and is not a setting of Paybell` }));
}

function placeNotices(settings: Environment, production: boolean): readonly Notice[] {
  if (!production || settings.ADMIN_PORT !== undefined) return [];
  const message = "API, health and metrics listen on the public port: set ADMIN_PORT to part them";
  return [{ account: "*", gateway: null, message }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Windows has no such modes and reports 0666 for every file. */
const nodeFiles: Files = {
  read: (path) => ({
    text: readFileSync(path, "utf8"),
    mode: process.platform === "win32" ? 0 : statSync(path).mode & 0o777,
  }),
};
