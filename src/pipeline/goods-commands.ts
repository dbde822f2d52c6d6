import { createHash } from "node:crypto";
import type { EffectName } from "../payments/effect-name.ts";
import { frozenOrderOfPayment } from "../payments/frozen.ts";
import { type DownloadLine, downloadLines, entitlementOf } from "../payments/goods.ts";
import type { DownloadGrant, Pool } from "../store/goods.ts";
import type { NewEvent, OrderRecord, Store, Transaction } from "../store/store.ts";
import { applyFacts } from "./apply.ts";
import { changeSet } from "./change-set.ts";
import { grantOf } from "./effects/downloads.ts";
import { newId } from "./ids.ts";
import { type HeldLocks, NO_LOCKS, withLocks } from "./locks.ts";
import { NOTHING_WRITTEN } from "./nothing-written.ts";
import { inputOf } from "./own-input.ts";
import type { CommandAnswer, GoodsCommands, Renewal } from "./pipeline.ts";
import type { Rules } from "./rules.ts";

export interface GoodsParts {
  readonly store: Store;
  readonly rules: Rules;
  readonly effects: ReadonlySet<EffectName>;
  readonly now: () => Date;
}

/** Orders that are given keys within the request that loads them; the sweeper goes on. */
const AT_ONCE = 50;

/** What the merchant brings to be handed out, and what is handed out later than the order was paid. */
export class Goods implements GoodsCommands {
  readonly #parts: GoodsParts;

  constructor(parts: GoodsParts) {
    this.#parts = parts;
  }

  async loadLicenses(pool: Pool, keys: readonly string[]): Promise<CommandAnswer<{ readonly loaded: number }>> {
    const loads = keys.map((key) => ({ key, fingerprint: fingerprintOf(key) }));
    try {
      const created = await this.#parts.store.transaction((transaction) => this.#load(transaction, pool, loads));
      // They are loaded whatever comes of this: the sweeper gives them as well.
      if (created) await this.#handOutNow().catch(() => undefined);
      return { kind: "done", created, value: { loaded: keys.length } };
    } catch (error) {
      if (!(error instanceof AlreadyLoaded)) throw error;
      return { kind: "refused", reason: "already_loaded", message: error.message };
    }
  }

  /** Keys are goods: the journal proves which were loaded, and holds none of them. */
  async #load(transaction: Transaction, pool: Pool, keys: readonly LoadedKey[]): Promise<boolean> {
    const digest = digestOfKeys(keys.map(({ fingerprint }) => fingerprint));
    const body = { pool: pool.pool, live: pool.live, count: keys.length, digest };
    const mode = pool.live ? "live" : "test";
    const input = inputOf("supply", `licenses/${mode}/${pool.pool}/${digest}`, body, this.#parts.now());
    const [journaled] = await transaction.journal([{ ...input, reason: null }]);
    if (journaled?.result === "duplicate") return false;
    const known = await transaction.goods.knownKeys(keys.map(({ fingerprint }) => fingerprint));
    if (known.size > 0) throw new AlreadyLoaded(keys, known);
    await transaction.goods.loadKeys(pool, input.id, keys);
    return true;
  }

  async #handOutNow(): Promise<void> {
    for (const order of await this.waiting(AT_ONCE)) await this.handOut(order);
  }

  /** Orders that wait for keys that are there, who waits longest first. */
  async waiting(limit: number): Promise<readonly string[]> {
    return this.#parts.effects.has("licenses") ? this.#parts.store.goods.waiting(limit) : [];
  }

  /** The order is folded from what is known already, and given what it waits for. */
  handOut(reference: string): Promise<void> {
    const now = this.#parts.now();
    return withLocks(this.#parts.store, NO_LOCKS, async (transaction, held) => {
      const change = { facts: [], decisions: [], orders: [reference], now };
      const applied = await applyFacts(this.#parts, transaction, held, change);
      await transaction.write(changeSet({ ...applied, decisions: [], outcomes: [], quarantined: [], now }), null);
    });
  }

  renewDownloads(reference: string, renewal: Renewal): Promise<CommandAnswer<null>> {
    return withLocks(this.#parts.store, NO_LOCKS, (transaction, held) =>
      this.#renew(transaction, held, reference, renewal),
    );
  }

  async #renew(
    transaction: Transaction,
    held: HeldLocks,
    reference: string,
    renewal: Renewal,
  ): Promise<CommandAnswer<null>> {
    held.take("orders", [reference]);
    const [order] = await transaction.loadOrders([reference]);
    const record = order?.record ?? null;
    if (!record?.state.expectation)
      return { kind: "refused", reason: "not_found", message: `order ${reference} is not registered` };
    const grants = await transaction.goods.downloadsOf([reference]);
    const lines = grantedLines(record, grants, renewal.sku);
    if (lines.length === 0 || entitlementOf(record.state) === "withdrawn")
      return { kind: "refused", reason: "not_paid", message: "the order has no download that could be renewed" };
    const now = this.#parts.now();
    const number = grants.reduce((sum, { renewals }) => sum + renewals, 1);
    const input = inputOf("renewal", `order/${reference}/renewal/${number}`, { order: reference, ...renewal }, now);
    await transaction.journal([{ ...input, reason: null }]);
    const renewed = lines.map((line) => renewedGrant(reference, line, renewal, now));
    await transaction.goods.renew(renewed);
    const sequence = record.sequence + 1;
    const event = renewalEvent({ record, sequence, renewed, now });
    await transaction.write(
      { ...NOTHING_WRITTEN, orders: [{ state: record.state, sequence, stock: record.stock }], events: [event] },
      null,
    );
    return { kind: "done", created: true, value: null };
  }
}

interface LoadedKey {
  readonly key: string;
  readonly fingerprint: string;
}

/** Thrown to undo the transaction: all are loaded, or none. Names their places, never the keys. */
class AlreadyLoaded extends Error {
  override readonly name = "AlreadyLoaded";
  constructor(keys: readonly LoadedKey[], known: ReadonlySet<string>) {
    const places = keys.flatMap(({ fingerprint }, index) => (known.has(fingerprint) ? [index + 1] : []));
    const more = places.length > MOST_TOLD ? " …" : "";
    super(`${places.length} of ${keys.length} were loaded before: ${places.slice(0, MOST_TOLD).join(", ")}${more}`);
  }
}

const MOST_TOLD = 20;

export function fingerprintOf(key: string): string {
  return createHash("sha256").update(key, "utf8").digest("hex");
}

/** What a load's input says of its keys, by their fingerprints in the order of loading. */
export function digestOfKeys(fingerprints: readonly string[]): string {
  return createHash("sha256").update(fingerprints.join("\n"), "utf8").digest("hex");
}

function grantedLines(
  { state }: OrderRecord,
  grants: readonly DownloadGrant[],
  sku: string | null,
): readonly DownloadLine[] {
  const granted = new Set(grants.map((grant) => grant.sku));
  return downloadLines(state.expectation).filter((line) => granted.has(line.sku) && (sku === null || line.sku === sku));
}

type Renewed = Pick<DownloadGrant, "order" | "sku" | "expiresAt" | "allowed">;

function renewedGrant(reference: string, line: DownloadLine, { expiresAt, limit }: Renewal, now: Date): Renewed {
  const anew = grantOf(reference, line, now);
  return {
    order: reference,
    sku: line.sku,
    expiresAt: expiresAt ?? anew.expiresAt,
    allowed: limit ?? anew.allowed,
  };
}

/** A change of its own: whoever has the buyer's page open sees it. */
function renewalEvent(parts: {
  readonly record: OrderRecord;
  readonly sequence: number;
  readonly renewed: readonly Renewed[];
  readonly now: Date;
}): NewEvent {
  const { record, sequence, renewed, now } = parts;
  const { reference, expectation } = record.state;
  const downloads = renewed.map(({ sku, expiresAt, allowed }) => ({
    ...{ sku, limit: allowed },
    expiresAt: expiresAt.toISOString(),
  }));
  return {
    id: newId("evt", now),
    type: "download.renewed",
    key: `download.renewed:${reference}:${sequence}`,
    ...{ payment: null, order: reference, sequence, live: expectation?.live ?? null },
    snapshot: JSON.stringify({ order: { ...frozenOrderOfPayment(record), downloads: downloads.slice(0, 25) } }),
  };
}
