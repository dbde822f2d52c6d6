import { type AccountParts, isLivePaypal, isLiveStripe, VENDOR_ADDRESSES } from "./account-settings.ts";
import { SECRETS } from "./settings.ts";

/** Rules that several settings make together. Every function returns sentences for people, and none repeats a value. */

/** In every secret that Paybell generates itself, so that production can refuse it. */
export const GENERATED_MARK = "paybell_generated_";

/** RSA keys and HMAC secrets of vendors are far longer; a shorter one can be guessed. */
const MIN_SECRET_LENGTH = 16;
const SAMPLE =
  /change.?me|example|sample|placeholder|your[-_. ]|<.*>|\.\.\.|…|^(whsec_|sk_(live|test)_)?(x+|\*+|0+|1234.*|secret|password|test)$/i;

export function secretProblems(name: string, values: readonly string[], production: boolean): readonly string[] {
  if (!production) return [];
  const problems: string[] = [];
  if (values.some((value) => value.includes(GENERATED_MARK))) {
    problems.push(`${name} is a generated test secret: production takes the gateway's own`);
  }
  if (values.some((value) => SAMPLE.test(value) || new Set(value).size < 6)) {
    problems.push(`${name} is a sample, not a secret`);
  }
  return problems;
}

export function accountProblems(parts: AccountParts, production: boolean): readonly string[] {
  const { settings, id } = parts;
  const named = (name: string) => (id === "default" ? name : `account ${id}: ${name}`);
  return [
    ...lengthProblems(parts, production).map(named),
    ...SECRETS.flatMap((name) => {
      if (name === "DATABASE_URL" || name === "API_TOKEN" || name === "SMTP_URL") return [];
      const value = settings[name];
      return value === undefined
        ? []
        : secretProblems(named(name), typeof value === "string" ? [value] : value, production);
    }),
    ...modeProblems(parts, production).map(named),
    ...addressProblems(parts).map(named),
    ...pairProblems(parts).map(named),
  ];
}

function lengthProblems({ settings }: AccountParts, production: boolean): readonly string[] {
  const secrets = settings.STRIPE_WEBHOOK_SECRET ?? [];
  if (!production || secrets.every((secret) => secret.length >= MIN_SECRET_LENGTH)) return [];
  return [`STRIPE_WEBHOOK_SECRET is shorter than ${MIN_SECRET_LENGTH} characters`];
}

function modeProblems(parts: AccountParts, production: boolean): readonly string[] {
  const { settings } = parts;
  const problems: string[] = [];
  const key = settings.STRIPE_SECRET_KEY ?? "";
  if (/^[sr]k_live_/.test(key) && !isLiveStripe(parts)) {
    problems.push("STRIPE_SECRET_KEY is a live key, and STRIPE_MODE is test");
  }
  if (/^[sr]k_test_/.test(key) && isLiveStripe(parts)) {
    problems.push("STRIPE_SECRET_KEY is a test key, and STRIPE_MODE is live");
  }
  if (!production && settings.STRIPE_MODE === "live")
    problems.push("STRIPE_MODE is live: that needs NODE_ENV=production");
  if (!production && settings.PAYPAL_MODE === "live")
    problems.push("PAYPAL_MODE is live: that needs NODE_ENV=production");
  // PayPal's simulator signs with this literal (vendor's documentation of the webhooks simulator): anybody can make it sign.
  if (settings.PAYPAL_WEBHOOK_ID?.toUpperCase() === "WEBHOOK_ID") {
    problems.push("PAYPAL_WEBHOOK_ID is the simulator's literal, with which anybody can have events signed");
  }
  return problems;
}

/** Live money is asked about at the vendor's own hosts only; test money there, over https, or on loopback. */
function addressProblems(parts: AccountParts): readonly string[] {
  const { settings } = parts;
  const problems: string[] = [];
  for (const [name, vendors] of Object.entries(VENDOR_ADDRESSES)) {
    // Proven: the table's keys are settings of this shape.
    const value = settings[name as keyof typeof VENDOR_ADDRESSES];
    if (value === undefined) continue;
    const live = name.startsWith("STRIPE_") ? isLiveStripe(parts) : isLivePaypal(parts);
    if (live && !vendors.some((vendor) => vendor === value))
      problems.push(`${name} is not the vendor's own, and the mode is live`);
    if (!live && !isSafe(value)) problems.push(`${name} is neither https nor on this machine`);
  }
  if (isLivePaypal(parts) && settings.PAYPAL_CERT_HOSTS)
    problems.push("PAYPAL_CERT_HOSTS can't be changed when PAYPAL_MODE is live");
  return problems;
}

function pairProblems({ settings }: AccountParts): readonly string[] {
  const both = (settings.PAYPAL_CLIENT_ID === undefined) === (settings.PAYPAL_CLIENT_SECRET === undefined);
  return both ? [] : ["PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET belong together: one of them is not set"];
}

function isSafe(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
