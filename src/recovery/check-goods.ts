import type { EffectName } from "../payments/effect-name.ts";
import { downloadLines, entitlementOf, licenseLines, planLicenses } from "../payments/goods.ts";
import type { OrderState } from "../payments/state.ts";
import { digestOfKeys, fingerprintOf } from "../pipeline/goods-commands.ts";
import type { AuditedInput, AuditedLicenseKey, AuditView } from "../store/audit.ts";
import type { OrderGoods } from "../store/goods.ts";
import type { Report } from "./finding.ts";

/** What orders were given beside what their states say: a key was given once for each unit, and nothing is owed. */
export async function checkOrderGoods(
  view: AuditView,
  states: readonly OrderState[],
  effects: ReadonlySet<EffectName>,
  report: Report,
): Promise<void> {
  const references = states.map(({ reference }) => reference);
  const { licenses, waits } = await view.licensesOf(references);
  const downloads = await view.downloadsOf(references);
  for (const state of states) {
    const own = <Row extends { readonly order: string }>(rows: readonly Row[]): readonly Row[] =>
      rows.filter(({ order }) => order === state.reference);
    const goods = { licenses: own(licenses), waits: own(waits), downloads: own(downloads) };
    if (effects.has("licenses")) checkLicenses(state, goods, report);
    if (effects.has("downloads")) checkDownloads(state, goods, report);
  }
}

function checkLicenses(state: OrderState, { licenses, waits }: OrderGoods, report: Report): void {
  const { reference } = state;
  const { revoked, restored, wanted } = planLicenses(state, licenses);
  const say = (detail: string): void => report("order_licenses", reference, detail);
  for (const { pool, sku, unit } of revoked) say(`its key ${unit} of ${pool} for ${sku} holds, and should not`);
  for (const { pool, sku, unit } of restored)
    say(`its key ${unit} of ${pool} for ${sku} was taken back, and should not`);
  for (const { pool, sku, missing } of owed(state, wanted)) {
    const waiting = waits.find((wait) => wait.pool === pool && wait.sku === sku)?.missing ?? 0;
    if (waiting !== missing) say(`of ${pool} ${missing} keys for ${sku} are missing, and ${waiting} are waited for`);
  }
  const lines = new Set(owed(state, wanted).map(({ pool, sku }) => `${pool}\n${sku}`));
  for (const { pool, sku, missing } of waits)
    if (missing > 0 && !lines.has(`${pool}\n${sku}`)) say(`it waits for ${missing} keys of ${pool} that nobody owes`);
}

/** Line by line, what was paid for and has no key. */
function owed(state: OrderState, wanted: ReturnType<typeof planLicenses>["wanted"]) {
  return licenseLines(state.expectation).map(({ license: pool, sku }) => ({
    pool,
    sku,
    missing: wanted.filter((unit) => unit.pool === pool && unit.sku === sku).length,
  }));
}

function checkDownloads(state: OrderState, { downloads }: OrderGoods, report: Report): void {
  if (entitlementOf(state) !== "granted") return;
  const granted = new Set(downloads.map(({ sku }) => sku));
  for (const { sku } of downloadLines(state.expectation))
    if (!granted.has(sku)) report("order_downloads", state.reference, `its download of ${sku} was never granted`);
}

/** A page of keys, each as it was loaded, and given to an order that is there. */
export async function checkLicenseKeys(
  view: AuditView,
  keys: readonly AuditedLicenseKey[],
  report: Report,
): Promise<void> {
  const orders = await view.knownOrders(keys.flatMap(({ order }) => order ?? []));
  const inputs = new Set((await view.inputsById(keys.map(({ input }) => input))).map(({ id }) => id));
  for (const { seq, key, fingerprint, input, order, sku, unit } of keys) {
    const say = (detail: string): void => report("license_key", `key ${seq}`, detail);
    if (fingerprintOf(key) !== fingerprint) say("it is not the key that was loaded");
    if (!inputs.has(input)) say(`it came with ${input}, which is not in the journal`);
    if (order !== null && !orders.has(order)) say(`it was given to order ${order}, which is not there`);
    if ((order === null) !== (sku === null) || (order === null) !== (unit === null)) say("it was given by half");
  }
}

/** What the journal says was loaded is there, in that order. */
export async function checkLoads(view: AuditView, inputs: readonly AuditedInput[], report: Report): Promise<void> {
  for (const { id, body } of inputs.filter(({ kind }) => kind === "supply")) {
    // One by one: a load is ten thousand keys, and a page may be nothing else.
    if (digestOfKeys(await view.fingerprintsOf(id)) !== digestIn(body))
      report("license_load", id, "the keys that it loaded are not all there");
  }
}

function digestIn(body: Uint8Array): unknown {
  try {
    const content: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return typeof content === "object" && content !== null ? Reflect.get(content, "digest") : null;
  } catch {
    return null;
  }
}
