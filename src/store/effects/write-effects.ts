import type { EffectRows } from "../effect-rows.ts";
import { asked, type WriteContext } from "../upsert.ts";
import { mergeCustomers, writeCustomerKeys, writeCustomerLinks, writeCustomers } from "./customers.ts";
import { writeGoods } from "./goods.ts";
import { writePostings } from "./postings.ts";
import { writeStockLevels, writeStockMovements } from "./stock.ts";
import { writeSubscriptions } from "./subscriptions.ts";

/** One statement a table, in this order always. What an order has taken of the stock is written with the order. */
export function writeEffects(context: WriteContext, rows: EffectRows): Promise<void> {
  return asked([
    () => writePostings(context, rows.postings),
    () => writeCustomers(context, rows.customers),
    () => writeCustomerKeys(context, rows.customerKeys),
    () => writeCustomerLinks(context, rows.customerLinks),
    () => mergeCustomers(context, rows.customersMerged),
    () => writeStockLevels(context, rows.stockLevels),
    () => writeStockMovements(context, rows.stockMovements),
    () => writeGoods(context, rows),
    () => writeSubscriptions(context, rows.subscriptions),
  ]);
}
