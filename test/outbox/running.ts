import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type Outbox, type OutboxParts, startOutbox } from "../../src/outbox/start.ts";
import type { Guard } from "../../src/outbox/webhook/guard.ts";
import { newId } from "../../src/pipeline/ids.ts";
import { openStore } from "../../src/store/open.ts";
import type { NewEvent, Store } from "../../src/store/store.ts";
import type { TestDatabase } from "../store/databases.ts";
import { eventOf, write } from "../store/rows.ts";

/** The outbox as the process runs it, on a given store, sending over real HTTP to this machine. */

export type Resolve = ConstructorParameters<typeof Guard>[0]["resolve"];

export interface RunningOutbox extends Outbox {
  readonly alarms: readonly string[];
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

export const nobodyKnows: Resolve = (name) => Promise.reject(new Error(`no name server knows ${name}`));

export async function openStoreOn(database: TestDatabase): Promise<Store> {
  const store = await openStore({ url: database.url, now: () => new Date() });
  onTestFinished(async () => {
    await store.close();
    await database.drop();
  });
  return store;
}

/** Stopped at the test's end, before its store is closed: `openStoreOn` comes first. */
export function runOutbox(store: Store, parts: Partial<OutboxParts> = {}): RunningOutbox {
  const alarms: string[] = [];
  const lines: Readonly<Record<string, unknown>>[] = [];
  const outbox = startOutbox({
    ...{ store, newId, random: Math.random, version: "0.0.0", publicUrl: "https://pay.example.com" },
    ...{ production: false, endpointAllow: [], couriers: {}, resolve: nobodyKnows, now: () => new Date() },
    log: pino({ level: "info" }, { write: (line: string) => lines.push(JSON.parse(line)) }),
    observer: { attempted: () => {}, alarm: (kind) => void alarms.push(kind) },
    ...parts,
  });
  onTestFinished(() => outbox.stop(100));
  return { ...outbox, alarms, lines };
}

const WANTED = { description: "", events: ["*"], live: null, rate: 1_000, enabled: true };

export async function register(
  { endpoints }: Outbox,
  url: string,
  parts: Partial<typeof WANTED> = {},
): Promise<{ readonly id: string; readonly secret: string }> {
  const answer = await endpoints.create({ ...WANTED, ...parts, url });
  if (answer.kind !== "done") throw new Error(`the endpoint was not registered: ${JSON.stringify(answer)}`);
  return { id: answer.value.endpoint.id, secret: answer.value.secret };
}

/** Tells of an event as the pipeline does: in a transaction, with an id of its own. */
export async function tell(store: Store, key: string, parts: Partial<NewEvent> = {}): Promise<string> {
  const id = newId("evt", new Date());
  await write(store, { events: [eventOf(key, { id, ...parts })] });
  return id;
}

export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 12_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not so within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
