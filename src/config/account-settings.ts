import type { AccountConfig } from "../gateways/account.ts";
import type { AccountSettings, FileAccount } from "./settings.ts";

/** From one account's settings to what each gateway's own schema takes, and what is left unproven by what is missing. */

/** Something a person should know about what is served: printed at start and shown by /health. */
export interface Notice {
  readonly account: string;
  /** Null where it is about the account, or the whole service (`account` is then `*`). */
  readonly gateway: string | null;
  readonly message: string;
}

export interface AccountParts {
  readonly id: string;
  readonly settings: AccountSettings;
  readonly extras: Pick<FileAccount, "ignore" | "orderFields" | "merchants">;
  /** What the mode is when none is named. */
  readonly liveByDefault: boolean;
  /** The text of PAYPAL_CERT_CA_FILE. */
  readonly certCaPem: string | null;
}

const STRIPE_API = "https://api.stripe.com";
const PAYPAL = {
  live: {
    api: "https://api-m.paypal.com",
    ipn: "https://ipnpb.paypal.com/cgi-bin/webscr",
    certHosts: ["api.paypal.com", "api-m.paypal.com"],
  },
  sandbox: {
    api: "https://api-m.sandbox.paypal.com",
    ipn: "https://ipnpb.sandbox.paypal.com/cgi-bin/webscr",
    certHosts: ["api.sandbox.paypal.com", "api-m.sandbox.paypal.com"],
  },
} as const;

/** The vendors' own addresses, the only ones that live money may be asked about. */
export const VENDOR_ADDRESSES = {
  STRIPE_API_URL: [STRIPE_API],
  PAYPAL_API_URL: [PAYPAL.live.api],
  PAYPAL_IPN_URL: [PAYPAL.live.ipn],
} as const;

export function isLiveStripe(parts: Pick<AccountParts, "settings" | "liveByDefault">): boolean {
  const mode = parts.settings.STRIPE_MODE;
  return mode === undefined ? parts.liveByDefault : mode === "live";
}

export function isLivePaypal(parts: Pick<AccountParts, "settings" | "liveByDefault">): boolean {
  const mode = parts.settings.PAYPAL_MODE;
  return mode === undefined ? parts.liveByDefault : mode === "live";
}

/** Whether anything of the provider is configured: then the account exists, or its absence is worth a word. */
function mentions(provider: "stripe" | "paypal", settings: AccountSettings): boolean {
  const prefix = provider.toUpperCase();
  return Object.entries(settings).some(([name, value]) => name.startsWith(`${prefix}_`) && value !== undefined);
}

/** The provider's account, or null where none of its gateways can be served. */
export function stripeAccount(parts: AccountParts): AccountConfig | null {
  const { settings } = parts;
  if (!settings.STRIPE_WEBHOOK_SECRET) return null;
  return {
    ...common(parts, "stripe", isLiveStripe(parts)),
    receivers: [],
    merchants: parts.extras.merchants,
    settings: {
      stripe: {
        webhookSecrets: settings.STRIPE_WEBHOOK_SECRET,
        secretKey: settings.STRIPE_SECRET_KEY ?? null,
        apiUrl: settings.STRIPE_API_URL ?? STRIPE_API,
      },
    },
  };
}

export function paypalAccount(parts: AccountParts): AccountConfig | null {
  const { settings } = parts;
  const live = isLivePaypal(parts);
  const vendor = PAYPAL[live ? "live" : "sandbox"];
  const webhooks = settings.PAYPAL_WEBHOOK_ID && {
    webhookId: settings.PAYPAL_WEBHOOK_ID,
    clientId: settings.PAYPAL_CLIENT_ID ?? null,
    clientSecret: settings.PAYPAL_CLIENT_SECRET ?? null,
    apiUrl: settings.PAYPAL_API_URL ?? vendor.api,
    certHosts: settings.PAYPAL_CERT_HOSTS ?? vendor.certHosts,
    certCaPem: parts.certCaPem,
    maxAgeMs: null,
  };
  // PayPal's verifier says that PayPal sent it, not to whom: without a receiver to compare with, anybody's sale would count.
  const ipn = settings.PAYPAL_RECEIVER && { postbackUrl: settings.PAYPAL_IPN_URL ?? vendor.ipn };
  if (!webhooks && !ipn) return null;
  return {
    ...common(parts, "paypal", live),
    receivers: settings.PAYPAL_RECEIVER ?? [],
    merchants: [],
    settings: { ...(webhooks ? { paypal: webhooks } : {}), ...(ipn ? { "paypal-ipn": ipn } : {}) },
  };
}

function common(parts: AccountParts, provider: string, live: boolean) {
  const { ignore, orderFields } = parts.extras;
  return { id: parts.id, provider, live, orders: parts.settings.ORDERS ?? "optional", ignore, orderFields } as const;
}

/** What is configured so that less is proven, or less is served, than somebody might think. */
export function noticesOf(parts: AccountParts): readonly Notice[] {
  const { id, settings } = parts;
  const notices: Notice[] = [];
  const say = (gateway: string, message: string) => notices.push({ account: id, gateway, message });
  if (!settings.STRIPE_WEBHOOK_SECRET && mentions("stripe", settings)) {
    say("stripe", "not served: STRIPE_WEBHOOK_SECRET is not set");
  }
  if (mentions("paypal", settings)) notices.push(...paypalNotices(id, settings));
  return notices;
}

function paypalNotices(account: string, settings: AccountSettings): readonly Notice[] {
  const notices: Notice[] = [];
  const say = (gateway: string, message: string) => notices.push({ account, gateway, message });
  if (!settings.PAYPAL_RECEIVER) {
    say("paypal-ipn", "not served: PAYPAL_RECEIVER is not set, so anybody's sale would pass for yours");
  }
  if (!settings.PAYPAL_WEBHOOK_ID) {
    say("paypal", "not served: PAYPAL_WEBHOOK_ID is not set");
    return notices;
  }
  if (!settings.PAYPAL_CLIENT_ID || !settings.PAYPAL_CLIENT_SECRET) {
    say(
      "paypal",
      "facts about money are not confirmed with PayPal's API: PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET are not set, and PayPal signs only a checksum of the body",
    );
  }
  if (!settings.PAYPAL_RECEIVER) say("paypal", "who was paid is not checked: PAYPAL_RECEIVER is not set");
  return notices;
}
