import { pino } from "pino";
import type { AccountConfig } from "../../src/gateways/account.ts";
import type { Channel } from "../../src/gateways/gateway.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { EFFECT_NAMES } from "../../src/payments/effect-name.ts";
import { STOCK_RETURNS } from "../../src/payments/stock.ts";
import type { Observer } from "../../src/pipeline/observer.ts";
import { type Pipeline, startPipeline } from "../../src/pipeline/start.ts";
import type { Store } from "../../src/store/store.ts";
import { STRIPE_SECRET } from "../end-to-end/server.ts";

/** The pipeline as the process runs it, on a given store, with Stripe's real channel. */
export interface Running extends Pipeline {
  readonly stripe: Channel;
  readonly alarms: readonly string[];
}

export const SILENT: Observer = {
  acknowledged: () => {},
  refused: () => {},
  settled: () => {},
  committed: () => {},
  asked: () => {},
  alarm: () => {},
};

export function stripeAccount(parts: Partial<AccountConfig> = {}): AccountConfig {
  return {
    id: "default",
    provider: "stripe",
    live: false,
    receivers: [],
    merchants: [],
    orders: "optional",
    ignore: {},
    orderFields: {},
    settings: { stripe: { webhookSecrets: [STRIPE_SECRET], secretKey: null, apiUrl: "https://api.stripe.com" } },
    ...parts,
  };
}

export function run(store: Store, account = stripeAccount(), now: () => Date = () => new Date()): Running {
  const stripe = bindStripe(account, now);
  const alarms: string[] = [];
  const observer: Observer = { ...SILENT, alarm: (kind) => void alarms.push(kind) };
  const pipeline = startPipeline({
    store,
    channels: new Map([["stripe/default", stripe]]),
    accounts: [account],
    now,
    log: pino({ level: "silent" }),
    observer,
    keepBodiesMs: null,
    effects: new Set(EFFECT_NAMES),
    stockReturns: new Set(STOCK_RETURNS),
  });
  return { ...pipeline, stripe, alarms };
}

function bindStripe(account: AccountConfig, now: () => Date): Channel {
  const gateway = GATEWAYS.find(({ id }) => id === "stripe");
  if (!gateway) throw new Error("Stripe is not registered");
  return gateway.bind({
    settings: account.settings.stripe,
    account,
    mapping: { orderFields: gateway.orderFields },
    now,
    outbound: () => ({ request: () => Promise.reject(new Error("Stripe's channel calls nobody")) }),
  });
}
