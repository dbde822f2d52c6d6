import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { GENERATED_MARK } from "../config/checks.ts";
import type { AccountConfig } from "../gateways/account.ts";
import { makeTestAuthority, type StandIn, startStandIn } from "../gateways/stand-in.ts";

/**
 * What a newcomer's first start makes, so that nothing has to be configured: test accounts with secrets of their own, and
 * PayPal's side played on loopback. Never in production, and marked so that production refuses them.
 */

const testAccounts = z.object({
  note: z.string(),
  stripe: z.object({ webhookSecret: z.string() }),
  paypal: z.object({ webhookId: z.string(), receiver: z.string(), merchantId: z.string() }),
  /** PayPal's part: what signs webhooks and what the IPN verifier remembers by. As secret as a test secret. */
  standIn: z.object({
    port: z.number(),
    origin: z.string(),
    certUrl: z.string(),
    ipnUrl: z.string(),
    ipnSecret: z.string(),
    caPem: z.string(),
    leafPem: z.string(),
    leafKeyPem: z.string(),
  }),
});

/** The content of `test-accounts.json`: what the demo signs with. */
export type TestAccounts = z.infer<typeof testAccounts>;

const NOTE =
  "Made by Paybell for tests on this machine. Never use these for live money; delete the file to have others made.";

export interface FirstRun {
  readonly path: string;
  readonly accounts: readonly AccountConfig[];
  readonly standIn: StandIn;
}

export function testAccountsPath(dataDir: string): string {
  return join(dataDir, "test-accounts.json");
}

/** Reads or makes the test accounts, and starts the stand-in. Rejects when the folder can't be written or read. */
export async function startFirstRun(dataDir: string, now: () => Date): Promise<FirstRun> {
  makePrivateFolder(dataDir);
  const path = testAccountsPath(dataDir);
  const known = existsSync(path) ? testAccounts.parse(JSON.parse(readFileSync(path, "utf8"))) : null;
  const made = known ?? makeTestAccounts(now());
  const standIn = await startOnPort(made);
  const { origin, certUrl, ipnUrl } = standIn;
  const current = {
    ...made,
    standIn: { ...made.standIn, port: Number(new URL(origin).port), origin, certUrl, ipnUrl },
  };
  writePrivateFile(path, `${JSON.stringify(current, null, 2)}\n`);
  return { path, accounts: accountsOf(current), standIn };
}

/** The accounts of earlier first runs, for commands beside the service; empty where there were none. Starts nothing. */
export function knownTestAccounts(dataDir: string): readonly AccountConfig[] {
  const path = testAccountsPath(dataDir);
  return existsSync(path) ? accountsOf(testAccounts.parse(JSON.parse(readFileSync(path, "utf8")))) : [];
}

function makeTestAccounts(now: Date): TestAccounts {
  const secret = () => `${GENERATED_MARK}${randomBytes(24).toString("hex")}`;
  return {
    note: NOTE,
    stripe: { webhookSecret: `whsec_${secret()}` },
    paypal: { webhookId: secret(), receiver: "merchant@example.com", merchantId: "TESTMERCHANT1" },
    standIn: { port: 0, origin: "", certUrl: "", ipnUrl: "", ipnSecret: secret(), ...makeTestAuthority(now) },
  };
}

/** The port of last time, so that notifications signed then are still verified; another where that one is taken. */
async function startOnPort({ standIn }: TestAccounts): Promise<StandIn> {
  try {
    return await startStandIn(standIn);
  } catch {
    return startStandIn({ ...standIn, port: 0 });
  }
}

function accountsOf({ stripe, paypal, standIn }: TestAccounts): readonly AccountConfig[] {
  const common = {
    id: "default",
    live: false,
    merchants: [],
    orders: "optional",
    ignore: {},
    orderFields: {},
  } as const;
  return [
    {
      ...common,
      provider: "stripe",
      receivers: [],
      settings: {
        stripe: { webhookSecrets: [stripe.webhookSecret], secretKey: null, apiUrl: "https://api.stripe.com" },
      },
    },
    {
      ...common,
      provider: "paypal",
      receivers: [paypal.receiver, paypal.merchantId.toLowerCase()],
      settings: {
        paypal: {
          webhookId: paypal.webhookId,
          clientId: null,
          clientSecret: null,
          apiUrl: "https://api-m.sandbox.paypal.com",
          certHosts: [standIn.origin],
          certCaPem: standIn.caPem,
          maxAgeMs: null,
        },
        "paypal-ipn": { postbackUrl: standIn.ipnUrl },
      },
    },
  ];
}

/** What the banner says of the API token. */
export interface ApiToken {
  /** Only where it was made just now: printed this once. */
  readonly made: string | null;
  /** Where it is kept; null where only its hash is known. */
  readonly path: string | null;
}

interface Tokens {
  putFirst(hash: string): Promise<boolean>;
  replaceAll(hash: string): Promise<void>;
}

/**
 * The file comes before the hash: whoever finds a hash in the database without a file has lost the token, and the other way
 * round it is only put in again.
 */
export async function ensureApiToken(parts: {
  readonly given: string | null;
  readonly dataDir: string;
  readonly tokens: Tokens;
  readonly hash: (token: string) => string;
}): Promise<ApiToken> {
  if (parts.given !== null) {
    await parts.tokens.replaceAll(parts.hash(parts.given));
    return { made: null, path: null };
  }
  makePrivateFolder(parts.dataDir);
  const path = join(parts.dataDir, "api-token");
  const kept = existsSync(path) ? readFileSync(path, "utf8").trim() : null;
  const token = kept ?? `pbt_${randomBytes(32).toString("base64url")}`;
  if (kept === null) writePrivateFile(path, `${token}\n`);
  const isFirst = await parts.tokens.putFirst(parts.hash(token));
  if (isFirst) return { made: kept === null ? token : null, path };
  if (kept !== null) return { made: null, path };
  // Another process, or an earlier folder, has the token; a file that opens nothing would only mislead.
  rmSync(path);
  return { made: null, path: null };
}

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Whole or not at all, and nobody else's to read at any moment. */
function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}
