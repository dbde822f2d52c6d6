import type { EffectName } from "../../payments/effect-name.ts";
import { NO_EFFECT_ROWS } from "../../store/effect-rows.ts";
import type { Transaction } from "../../store/store.ts";
import type { HeldLocks } from "../locks.ts";
import { gatherCustomers } from "./customers.ts";
import { grantDownloads } from "./downloads.ts";
import type { Effect, EffectCause } from "./effect.ts";
import { postLedger } from "./ledger.ts";
import { giveLicenses } from "./licenses.ts";
import type { Effects } from "./result.ts";
import { takeStockOfOrders } from "./stock.ts";
import { takeSubscriptions } from "./subscriptions.ts";

/** In the order of the global lock space. */
const EFFECTS: readonly { readonly name: EffectName; readonly take: Effect }[] = [
  { name: "ledger", take: postLedger },
  { name: "customers", take: gatherCustomers },
  { name: "stock", take: takeStockOfOrders },
  { name: "downloads", take: grantDownloads },
  { name: "licenses", take: giveLicenses },
  { name: "subscriptions", take: (transaction, _held, cause) => takeSubscriptions(transaction, cause) },
];

/** All that are switched on; where nothing changed nothing is asked. */
export async function takeEffects(
  enabled: ReadonlySet<EffectName>,
  transaction: Transaction,
  held: HeldLocks,
  cause: EffectCause,
): Promise<Effects> {
  let effects: Effects = { rows: NO_EFFECT_ROWS, events: [], paidOrders: new Map() };
  const { facts, payments, orders } = cause;
  if (facts.newFacts.length + payments.length + orders.length === 0) return effects;
  for (const { name, take } of EFFECTS) {
    if (!enabled.has(name)) continue;
    const { rows, events, paidOrders = [] } = await take(transaction, held, cause);
    effects = {
      rows: { ...effects.rows, ...rows },
      events: [...effects.events, ...events],
      paidOrders: new Map([...effects.paidOrders, ...paidOrders]),
    };
  }
  return effects;
}
