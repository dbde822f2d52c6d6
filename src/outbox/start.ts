import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Logger } from "pino";
import type { ReceiverKind } from "../store/outbox.ts";
import type { Lease, Store } from "../store/store.ts";
import { BREAKER, type BreakerPolicy } from "./breaker.ts";
import type { Courier } from "./courier.ts";
import { Dispatcher, type DispatcherBounds } from "./dispatcher.ts";
import { MerchantEndpoints } from "./endpoints.ts";
import type { OutboxObserver } from "./observer.ts";
import type { Endpoints } from "./outbox.ts";
import { WebhookCourier } from "./webhook/courier.ts";
import { Guard, type Resolve } from "./webhook/guard.ts";
import { createWebhookOutbound } from "./webhook/outbound.ts";

export interface OutboxParts {
  readonly store: Pick<Store, "outbox">;
  readonly version: string;
  readonly publicUrl: string;
  readonly production: boolean;
  /** `ENDPOINT_ALLOW` */
  readonly endpointAllow: readonly string[];
  /** The other kinds of receiver. */
  readonly couriers: Readonly<Partial<Record<Exclude<ReceiverKind, "endpoint">, Courier>>>;
  readonly now: () => Date;
  readonly random: () => number;
  readonly resolve: Resolve;
  readonly newId: (prefix: "evt" | "ep", now: Date) => string;
  readonly log: Logger;
  readonly observer: OutboxObserver;
  readonly breaker?: BreakerPolicy;
  /** PEM of further roots, for tests. */
  readonly caPem?: readonly string[];
  /** Of one attempt at an endpoint; default 15 s. */
  readonly timeoutMs?: number;
  readonly leaseMs?: number;
}

export interface Outbox {
  readonly endpoints: Endpoints;
  /** Attempts under way: for /health and /metrics. */
  readonly depth: () => number;
  /** Takes nothing more, finishes what is under way within `deadlineMs`, gives the leases back. */
  stop(deadlineMs: number): Promise<void>;
}

/** Longer than any attempt takes, short enough that what a crash left is tried again within a minute. */
const LEASE_MS = 60_000;
const BOUNDS: DispatcherBounds = { first: 4, largest: 32, total: 256, pollMs: 1_000, restMs: 50 };

/** Wires the dispatcher, its couriers and the endpoints. Starts at once; opens nothing. */
export function startOutbox(parts: OutboxParts): Outbox {
  const { now, version, publicUrl, caPem, timeoutMs } = parts;
  const { outbox } = parts.store;
  const guard = new Guard({ allow: parts.endpointAllow, production: parts.production, resolve: parts.resolve });
  const outbound = createWebhookOutbound({
    ...{ version, guard },
    ...(caPem ? { caPem } : {}),
    ...(timeoutMs ? { timeoutMs } : {}),
  });
  const courier = new WebhookCourier({ outbound, publicUrl, now });
  const lease: Lease = {
    owner: `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`,
    forMs: parts.leaseMs ?? LEASE_MS,
  };
  const newId = (prefix: "evt" | "ep"): string => parts.newId(prefix, now());
  const dispatcher = new Dispatcher(
    {
      ...{ outbox, lease, now, random: parts.random, log: parts.log, observer: parts.observer },
      couriers: { ...parts.couriers, endpoint: courier },
      breaker: parts.breaker ?? BREAKER,
      newEventId: () => newId("evt"),
    },
    BOUNDS,
  );
  const wake = (): void => dispatcher.wake();
  const forget = outbox.onTold(wake);
  dispatcher.start();
  return {
    endpoints: new MerchantEndpoints({ outbox, guard, courier, wake, now, newId }),
    depth: () => dispatcher.depth,
    async stop(deadlineMs) {
      forget();
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, deadlineMs);
      });
      await dispatcher.stop(deadline);
      clearTimeout(timer);
      await outbound.close();
    },
  };
}
