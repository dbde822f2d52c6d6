import type { Columns } from "../dialect.ts";
import type { EffectRows } from "../effect-rows.ts";
import { jsonRows } from "../json-rows.ts";
import { StoreError } from "../store.ts";
import { asked, statement, type Upsert, upsert, type WriteContext } from "../upsert.ts";

/** What an order is given, and what is taken back: one statement each, none for what nobody bought. */
export function writeGoods(context: WriteContext, rows: EffectRows): Promise<void> {
  return asked([
    () => giveKeys(context, rows.licensesGiven),
    () => revokeKeys(context, rows.licensesChanged),
    () => upsert(context, WAITS, rows.licenseWaits.map(waitRow)),
    () => upsert(context, DOWNLOADS, rows.downloads.map(downloadRow)),
  ]);
}

const GIVEN: Columns = { seq: "bigint", order: "text", sku: "text", unit: "integer", given_at: "time" };

/** The keys were locked when they were read: that one is taken all the same would be a defect, and ends the transaction. */
async function giveKeys(context: WriteContext, given: EffectRows["licensesGiven"]): Promise<void> {
  if (given.length === 0) return;
  const rows = given.map(({ seq, order, sku, unit, at }) => ({ seq, order, sku, unit, given_at: at }));
  const { session, dialect } = context;
  const changed = await session.execute(
    "write.licenses",
    // By `case`, as SQLite would look for those that nobody has: through all of a pool, for each of the rows.
    `update license_keys set "order" = r."order", sku = r.sku, unit = r.unit, given_at = r.given_at
     from ${dialect.rows(1, GIVEN)}
     where license_keys.seq = r.seq and case when license_keys."order" is null then true else false end`,
    jsonRows(dialect, "license_keys", GIVEN, rows),
  );
  if (changed !== given.length) throw new StoreError("conflict", "write.licenses: a key was given meanwhile");
}

function revokeKeys(context: WriteContext, changed: EffectRows["licensesChanged"]): Promise<void> {
  return statement(
    context,
    "license_keys",
    { seq: "bigint", revoked_at: "time" },
    changed.map(({ seq, revokedAt }) => ({ seq, revoked_at: revokedAt })),
    (source) => `update license_keys set revoked_at = r.revoked_at from ${source} where license_keys.seq = r.seq`,
  );
}

/** Who waits keeps the place of the first time. */
const WAITS: Upsert = {
  table: "license_waits",
  columns: { order: "text", pool: "text", sku: "text", live: "boolean", missing: "integer", since: "time" },
  key: ["order", "pool", "sku"],
  over: ["missing"],
};

function waitRow({ order, pool, sku, live, missing, since }: EffectRows["licenseWaits"][number]) {
  return { order, pool, sku, live, missing, since };
}

/** A link that was given stays as it was given. */
const DOWNLOADS: Upsert = {
  table: "downloads",
  columns: { order: "text", sku: "text", granted_at: "time", expires_at: "time", allowed: "integer" },
  key: ["order", "sku"],
  over: [],
};

function downloadRow({ order, sku, grantedAt, expiresAt, allowed }: EffectRows["downloads"][number]) {
  return { order, sku, granted_at: grantedAt, expires_at: expiresAt, allowed };
}
