import type { Row, TortureDatabase } from "../databases/database.ts";
import { isAccepted, send } from "../gateways/http.ts";
import { replay } from "../model/model.ts";
import { pause } from "../pause.ts";
import { FORWARD, goodsOf, POOL } from "../stories/licenses.ts";
import { CANARY, type Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I2 and I3, of goods: each paid unit has one key and no key is two units'; what was given back gives nothing. */

export interface GoodsParts {
  readonly database: TortureDatabase;
  readonly url: string;
  readonly token: string;
  readonly stories: readonly Story[];
}

/** Once there are keys for all who wait they have them within so long: the service looks every ten seconds. */
const WITHIN_MS = 90_000;

export async function checkGoods(parts: GoodsParts): Promise<readonly Finding[]> {
  const { database, stories } = parts;
  const keys = await database.query('select key, pool, "order", sku, unit, revoked_at from license_keys');
  const given = keys.filter((row) => row.order !== null);
  const told = await database.query(
    `select "order", snapshot from events where type in ('order.paid', 'order.goods_ready')`,
  );
  const sold = stories.filter(({ order }) => order.isRegistered && goodsOf(order) !== null);
  const links = sold.filter((_, index) => index % LINKS_EACH === 0);
  return [
    ...sold.flatMap((story) => compareKeys(story, given)),
    ...compareTold(given, told),
    ...(await Promise.all(links.map((story) => checkLink(parts, story)))).flat(),
  ];
}

/** A sample of links is followed. */
const LINKS_EACH = 5;

/** Loads as many keys as are waited for, as often as it takes. */
export async function supplyAll({ database, url, token }: Omit<GoodsParts, "stories">): Promise<readonly Finding[]> {
  const until = Date.now() + WITHIN_MS;
  for (let round = 0; Date.now() < until; round += 1) {
    const [row] = await database.query("select coalesce(sum(missing), 0) as missing from license_waits");
    const missing = Number(row?.missing ?? 0);
    if (missing === 0) return [];
    const keys = Array.from({ length: missing }, (_, index) => `${CANARY}-end-${round}-${index}`);
    if (round % 15 === 0) await load(url, token, keys);
    await pause(1_000);
  }
  return [finding("lost", "I2", "orders wait for keys that are there")];
}

function load(url: string, token: string, keys: readonly string[]): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return send(`${url}/v1/licenses/${POOL}`, { headers, body: Buffer.from(JSON.stringify({ keys })) });
}

/** By what the reference says of the order's end. */
export function compareKeys(story: Story, given: readonly Row[]): readonly Finding[] {
  const { fulfillable, status } = replay(story.happenings, story.order).order;
  const own = given.filter((row) => row.order === story.order.reference);
  const valid = own.filter((row) => row.revoked_at === null);
  const units = goodsOf(story.order)?.units ?? 0;
  const about = `${story.name} (${story.order.reference}), ${status}:`;
  if (new Set(own.map(({ unit }) => unit)).size < own.length)
    return [finding("doubled", "I2", `${about} a unit has two keys`)];
  if (own.length > units) return [finding("doubled", "I2", `${about} ${own.length} keys for ${units} units`)];
  if (fulfillable && valid.length < units)
    return [finding("lost", "I2", `${about} ${valid.length} keys hold for ${units} units`)];
  if (WITHDRAWN.has(status) && valid.length > 0)
    return [finding("wrong", "I3", `${about} ${valid.length} keys hold, and the money is gone`)];
  return [];
}

const WITHDRAWN: ReadonlySet<string> = new Set(["refunded", "charged_back", "canceled", "expired"]);

/** No key was ever told to two orders, and each that was told is its order's. */
export function compareTold(given: readonly Row[], events: readonly Row[]): readonly Finding[] {
  const ownerOf = new Map(given.map((row) => [String(row.key), String(row.order)]));
  return events.flatMap((event) => {
    // Proven: the service writes its snapshots as JSON objects, and README.md says what is in them.
    const { order } = JSON.parse(String(event.snapshot)) as {
      readonly order: { readonly licenses?: readonly { readonly key: string }[] };
    };
    const foreign = (order.licenses ?? []).filter(({ key }) => ownerOf.get(key) !== event.order);
    return foreign.map(({ key }) => finding("doubled", "I2", `${event.order} was told ${key}, which is not its own`));
  });
}

/** Gone where the money is gone, open where the goods are the buyer's, and shut meanwhile. */
async function checkLink({ url, token }: GoodsParts, story: Story): Promise<readonly Finding[]> {
  const { fulfillable, status } = replay(story.happenings, story.order).order;
  const headers = { authorization: `Bearer ${token}` };
  const place = `${url}/v1/orders/${story.order.reference}/downloads`;
  const answer = await send(place, { method: "GET", headers });
  const about = `${story.name} (${story.order.reference}), ${status}:`;
  if (!isAccepted(answer) || answer.kind !== "status")
    return [finding("wrong", "I3", `${about} its downloads are not shown`)];
  // Proven: README.md says what a list of downloads has.
  const { data } = JSON.parse(answer.text) as { readonly data: readonly { readonly url: string | null }[] };
  const link = data[0]?.url ?? null;
  if (link === null) return fulfillable ? [finding("lost", "I2", `${about} it has no link`)] : [];
  const followed = await fetch(url + new URL(link).pathname, { redirect: "manual" });
  const [got, where] = [followed.status, followed.headers.get("location")];
  const isRight = fulfillable
    ? got === 302 && where === FORWARD
    : WITHDRAWN.has(status)
      ? got === 410
      : got === 403 || got === 410;
  return isRight ? [] : [finding("wrong", "I3", `${about} its link answers ${got}`)];
}
