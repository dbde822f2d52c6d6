import { collect } from "../../payments/collect.ts";
import { type LicensePlan, type LicenseUnit, licenseLines, planLicenses } from "../../payments/goods.ts";
import type { EffectRows } from "../../store/effect-rows.ts";
import type { FreeKey, GivenKey, GoodsTransaction, LicenseWait, Pool } from "../../store/goods.ts";
import type { NewEvent } from "../../store/store.ts";
import type { FoldedOrder } from "../fold-orders.ts";
import type { Effect } from "./effect.ts";
import { goodsReady, isPaidToldNow, licensesChanged, poolExhausted, shownLicenses } from "./goods-events.ts";
import { NO_EFFECT } from "./result.ts";

/** An order with what it was given before, and what is to change of it. */
interface Planned {
  readonly order: FoldedOrder;
  readonly live: boolean;
  readonly given: readonly GivenKey[];
  readonly waits: readonly LicenseWait[];
  readonly plan: LicensePlan<GivenKey>;
}

/** A unit that is given a key now. */
interface Taken extends LicenseUnit {
  readonly free: FreeKey;
}

/**
 * Each paid unit is given a key of its pool, in the order of commits, for good. A pool without keys refuses nothing: the units
 * wait, and who waits longest is given first; nobody who comes later passes them.
 */
export const giveLicenses: Effect = async (transaction, _held, { orders, now }) => {
  const concerned = orders.filter(sellsLicenses);
  if (concerned.length === 0) return NO_EFFECT;
  const planned = await plan(transaction.goods, concerned);
  const pools = await Pools.read(transaction.goods, planned);
  const outcomes = planned.map((one) => settle(one, pools.takeFor(one), pools, now));
  return {
    rows: {
      licensesGiven: outcomes.flatMap(({ rows }) => rows.licensesGiven),
      licensesChanged: outcomes.flatMap(({ rows }) => rows.licensesChanged),
      licenseWaits: outcomes.flatMap(({ rows }) => rows.licenseWaits),
    },
    events: outcomes.flatMap(({ events }) => events),
    paidOrders: new Map(outcomes.map(({ reference, goods }) => [reference, goods])),
  };
};

function sellsLicenses({ state, before }: FoldedOrder): boolean {
  return [state.expectation, before.record?.state.expectation].some((one) => licenseLines(one).length > 0);
}

async function plan(goods: GoodsTransaction, orders: readonly FoldedOrder[]): Promise<readonly Planned[]> {
  const { licenses, waits } = await goods.licensesOf(orders.map(({ reference }) => reference));
  return orders.map((order) => {
    const given = licenses.filter((license) => license.order === order.reference);
    return {
      ...{ order, given, live: order.state.expectation?.live ?? false },
      waits: waits.filter((wait) => wait.order === order.reference),
      plan: planLicenses(order.state, given),
    };
  });
}

/** The pools that something is wanted of, with the free keys that this transaction may give. */
class Pools {
  readonly #known: ReadonlyMap<string, KnownPool>;
  readonly #free: ReadonlyMap<string, FreeKey[]>;

  private constructor(known: ReadonlyMap<string, KnownPool>, free: ReadonlyMap<string, FreeKey[]>) {
    this.#known = known;
    this.#free = free;
  }

  /** Each pool is read once, for all that is wanted of it by those whose turn it is. */
  static async read(goods: GoodsTransaction, planned: readonly Planned[]): Promise<Pools> {
    const wanted = collect(planned.flatMap(poolsWanted), poolName);
    const distinct = [...wanted.values()].flatMap(([first]) => first ?? []);
    const known = new Map((await goods.pools(distinct)).map((pool) => [poolName(pool), pool]));
    const turns = planned.filter((one) => poolsWanted(one).some((pool) => isTurn(one, known.get(poolName(pool)))));
    const counts = collect(turns.flatMap(poolsWanted), poolName);
    const free = new Map<string, FreeKey[]>();
    for (const [name, [pool, ...others]] of counts)
      if (pool !== undefined) free.set(name, [...(await goods.freeKeys(pool, others.length + 1))]);
    return new Pools(known, free);
  }

  loadsOf(pool: Pool): number {
    return this.#known.get(poolName(pool))?.loads ?? 0;
  }

  /** Keys for what the order wants, in its order; fewer where others come first or nothing is left. */
  takeFor(planned: Planned): readonly Taken[] {
    const { live } = planned;
    return planned.plan.wanted.flatMap((unit) => {
      const name = poolName({ pool: unit.pool, live });
      const key = isTurn(planned, this.#known.get(name)) ? this.#free.get(name)?.shift() : undefined;
      return key === undefined ? [] : [{ ...unit, free: key }];
    });
  }
}

type KnownPool = Pool & { readonly loads: number; readonly next: bigint | null };

/** A pool for each unit that is wanted. */
function poolsWanted({ live, plan: { wanted } }: Planned): readonly Pool[] {
  return wanted.map(({ pool }) => ({ pool, live }));
}

/** Nobody waits in the pool, or nobody before this order. */
function isTurn({ waits }: Planned, pool: KnownPool | undefined): boolean {
  if (pool === undefined || pool.next === null) return true;
  return waits.some(({ seq }) => seq === pool.next);
}

interface Outcome {
  readonly reference: string;
  readonly rows: Pick<EffectRows, "licensesGiven" | "licensesChanged" | "licenseWaits">;
  readonly events: readonly NewEvent[];
  readonly goods: ReturnType<typeof shownLicenses> & { readonly licensesMissing: number };
}

function settle(planned: Planned, taken: readonly Taken[], pools: Pools, now: Date): Outcome {
  const {
    order,
    given,
    plan: { revoked, restored, wanted },
  } = planned;
  const { reference } = order;
  const waits = waitsAfter(planned, taken, now);
  const valid = [...planned.plan.valid, ...taken.map(({ free, ...unit }) => ({ ...unit, key: free.key }))];
  return {
    reference,
    rows: {
      licensesGiven: taken.map(({ free, sku, unit }) => ({ seq: free.seq, order: reference, sku, unit, at: now })),
      licensesChanged: [
        ...revoked.map(({ seq }) => ({ seq, revokedAt: now })),
        ...restored.map(({ seq }) => ({ seq, revokedAt: null })),
      ],
      licenseWaits: waits,
    },
    events: [
      ...(taken.length > 0 && taken.length === wanted.length && !isPaidToldNow(order)
        ? [goodsReady(order, `licenses:${given.length + taken.length}`, now, shownLicenses(valid))]
        : []),
      ...(revoked.length > 0 ? [licensesChanged(order, "license.revoked", revoked, now)] : []),
      ...(restored.length > 0 ? [licensesChanged(order, "license.restored", restored, now)] : []),
      ...waits
        .filter((wait) => wait.missing > missingBefore(planned, wait))
        .map((wait) => poolExhausted({ ...wait, loads: pools.loadsOf(wait) }, wait, now)),
    ],
    goods: { ...shownLicenses(valid), licensesMissing: wanted.length - taken.length },
  };
}

/** What is missing of each line now; only rows that differ from what is stored. */
function waitsAfter(planned: Planned, taken: readonly Taken[], now: Date): EffectRows["licenseWaits"] {
  const {
    order,
    live,
    waits,
    plan: { wanted },
  } = planned;
  const given = collect(taken, lineName);
  const counts = new Map(waits.map((wait) => [lineName(wait), { pool: wait.pool, sku: wait.sku, missing: 0 }]));
  for (const [name, units] of collect(wanted, lineName)) {
    const [first] = units;
    const missing = units.length - (given.get(name)?.length ?? 0);
    if (first !== undefined) counts.set(name, { pool: first.pool, sku: first.sku, missing });
  }
  return [...counts.values()]
    .filter((wait) => wait.missing !== missingBefore(planned, wait))
    .map((wait) => ({ ...wait, order: order.reference, live, since: now }));
}

function missingBefore({ waits }: Planned, line: Line): number {
  return waits.find((wait) => lineName(wait) === lineName(line))?.missing ?? 0;
}

type Line = Pick<LicenseUnit, "pool" | "sku">;

/** Neither has control characters. */
function lineName({ pool, sku }: Line): string {
  return `${pool}\n${sku}`;
}

function poolName({ pool, live }: Pool): string {
  return `${live ? "live" : "test"}/${pool}`;
}
