import type { Channel } from "../../src/gateways/gateway.ts";
import type { Expectation } from "../../src/payments/state.ts";
import { Rules } from "../../src/pipeline/rules.ts";
import { type CheckReport, check } from "../../src/recovery/check.ts";
import { type RebuildParts, type RebuildReport, rebuild } from "../../src/recovery/rebuild.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import type { Audit } from "../../src/store/audit.ts";
import type { SealMark, Store } from "../../src/store/store.ts";
import { EXPECTED, history, send, settled, shuffled } from "../pipeline/purchase.ts";
import { run, stripeAccount } from "../pipeline/running.ts";
import { createStore, type DialectName, type TestDatabase } from "../store/databases.ts";
import { openTamperer, type Tamperer } from "./tamperer.ts";

export const RULES = new Rules([stripeAccount()]);
const now = (): Date => new Date();

export interface Bench {
  readonly store: Store;
  readonly database: TestDatabase;
  readonly audit: Audit;
  readonly tamper: Tamperer;
  /** Stripe's channel of the running server. */
  readonly stripe: Channel;
  register(reference: string, expectation: Expectation): Promise<void>;
  check(): Promise<CheckReport>;
  rebuild(options?: Partial<Pick<RebuildParts, "apply" | "retractEvents" | "channels">>): Promise<RebuildReport>;
  /** One more notification, and its outcome. */
  notify(body: string, receivedAt?: Date): Promise<void>;
  /** More notifications through the server that runs on the database. */
  deliver(reference: string, lines?: Expectation["lines"]): Promise<void>;
}

/** A database that real notifications filled, in any order and twice, beside a server that still runs on it. */
export async function withHistories(
  dialect: DialectName,
  references: readonly string[],
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { store, database, close } = await createStore(dialect);
  const running = run(store);
  const audit = await openAudit({ url: database.url, now, writing: true });
  const tamper = await openTamperer(database);
  try {
    await Promise.all(
      shuffled(
        references.flatMap((reference) => [
          () => running.commands.register(reference, EXPECTED),
          ...[...history(reference), ...history(reference).slice(0, 2)].map((body) => () => send(running, body)),
        ]),
        11,
      ).map((step) => step()),
    );
    await settled(store);
    await work({
      ...{ store, database, audit, tamper, stripe: running.stripe },
      register: async (reference, expectation) => {
        await running.commands.register(reference, expectation);
      },
      check: () => check({ audit, rules: RULES, now }),
      rebuild: (options) =>
        rebuild({
          ...{ audit, rules: RULES, now, apply: false, retractEvents: false },
          channels: new Map([["stripe/default", running.stripe]]),
          accounts: new Map([["stripe/default", stripeAccount()]]),
          ...options,
        }),
      notify: async (body, receivedAt = now()) => {
        await send(running, body, receivedAt, receivedAt);
        await settled(store);
      },
      deliver: async (reference, lines = []) => {
        await running.commands.register(reference, { ...EXPECTED, lines });
        for (const body of history(reference)) await send(running, body);
        if (lines.length > 0) await settled(store);
      },
    });
  } finally {
    await tamper.close();
    await audit.close();
    await running.stop(5_000);
    await close();
  }
}

/** Seals all there is; returns how many inputs each seal covers. */
export async function sealAll(store: Store): Promise<readonly number[]> {
  const counts: number[] = [];
  let mark: SealMark | null = null;
  do {
    const done: Awaited<ReturnType<Store["seal"]>> = await store.seal(mark);
    if (done.sealed > 0) counts.push(done.sealed);
    mark = done.mark;
  } while (mark !== null);
  return counts;
}

/** The laws found broken, sorted. */
export function broken({ findings }: Pick<CheckReport, "findings">): readonly string[] {
  return [...findings.counts.keys()].sort();
}
