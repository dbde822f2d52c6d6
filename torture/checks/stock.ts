import type { TortureDatabase } from "../databases/database.ts";
import { COUNTED, deliveryOf, type Pieces, takenBy } from "../goods.ts";
import { replay } from "../model/model.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I6: the stock is what was counted and delivered, less what the orders of the plain reference took. */
export async function checkStock(database: TortureDatabase, stories: readonly Story[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const say = (what: string, got: number, wanted: number, isDoubled: boolean): void => {
    if (got === wanted) return;
    findings.push(finding(isDoubled ? "doubled" : "wrong", "I6", `${what} is ${got}, the reference says ${wanted}`));
  };
  const moved = await movedByOrder(database);
  const expected = new Map(Object.entries(COUNTED));
  const add = ({ sku, quantity }: Pieces, sign: 1 | -1): void =>
    void expected.set(sku, (expected.get(sku) ?? 0) + sign * quantity);
  for (const { happenings, order } of stories) {
    const taken = takenBy(order, replay(happenings, order).order, dueOf({ happenings, order }));
    const delivery = order.isRegistered ? deliveryOf(order.reference) : null;
    if (delivery) add(delivery, 1);
    for (const pieces of taken) add(pieces, -1);
    for (const sku of Object.keys(COUNTED)) {
      const wanted = taken.find((pieces) => pieces.sku === sku)?.quantity ?? 0;
      const got = moved.get(`${order.reference} ${sku}`) ?? 0;
      say(`${order.reference}: what it took of ${sku}`, got, wanted, got > wanted);
    }
  }
  for (const { sku, on_hand } of await database.query("select sku, on_hand from stock_levels where not live")) {
    const wanted = expected.get(String(sku)) ?? 0;
    say(`the level of ${sku}`, Number(on_hand), wanted, Number(on_hand) < wanted);
    expected.delete(String(sku));
  }
  for (const sku of expected.keys()) findings.push(finding("lost", "I6", `the level of ${sku} is gone`));
  return findings;
}

async function movedByOrder(database: TortureDatabase): Promise<ReadonlyMap<string, number>> {
  const rows = await database.query(
    `select "order", sku, sum(-delta) as taken from stock_movements where "order" is not null group by "order", sku`,
  );
  return new Map(rows.map(({ order, sku, taken }) => [`${order} ${sku}`, Number(taken)]));
}

function dueOf({ happenings, order }: Pick<Story, "happenings" | "order">): number {
  return happenings.reduce(
    (due, happening) => (happening.what === "total_changed" ? happening.total : due),
    order.total,
  );
}
