import type { EffectRows } from "../effect-rows.ts";
import type { WriteContext } from "../upsert.ts";
import { mergeCustomers, writeCustomerKeys, writeCustomerLinks, writeCustomers } from "./customers.ts";
import { writeGoods } from "./goods.ts";
import { writePostings } from "./postings.ts";
import { writeStockLevels, writeStockMovements } from "./stock.ts";
import { writeSubscriptions } from "./subscriptions.ts";

/** One statement a table, in this order always. What an order has taken of the stock is written with the order. */
export async function writeEffects(context: WriteContext, rows: EffectRows): Promise<void> {
  await writePostings(context, rows.postings);
  await writeCustomers(context, rows.customers);
  await writeCustomerKeys(context, rows.customerKeys);
  await writeCustomerLinks(context, rows.customerLinks);
  await mergeCustomers(context, rows.customersMerged);
  await writeStockLevels(context, rows.stockLevels);
  await writeStockMovements(context, rows.stockMovements);
  await writeGoods(context, rows);
  await writeSubscriptions(context, rows.subscriptions);
}
