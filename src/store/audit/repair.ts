import { objectKey } from "../../payments/fact.ts";
import { encodeFact } from "../../payments/wire.ts";
import type { Repair } from "../audit.ts";
import type { Columns, Dialect } from "../dialect.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { Session } from "../session.ts";
import { transactionOn } from "../transaction.ts";
import { forgettingOn } from "./forgetting.ts";
import { recountStock } from "./stock.ts";
import { viewOn } from "./view.ts";

const FACT_COLUMNS: Columns = {
  ...{ key: "text", input: "text", gateway: "text", object_key: "text", payment: "text", at: "time", body: "long" },
};

/** The statements that only a repair needs: appliers never change a fact, nor take an object or an alias away. */
export function repairOn(session: Session, dialect: Dialect, now: () => Date): Repair {
  const { journal, lock, lockStock, findCustomers, countCustomerKeys, write } = transactionOn(session, dialect, now);
  const forget = async (table: string, column: string, keys: readonly string[] = []): Promise<void> => {
    if (keys.length === 0) return;
    const list = dialect.list(keys.map((key) => storable(table, key)));
    await session.execute(`repair.${table}`, `delete from ${table} where ${dialect.among(column, 1)}`, list);
  };
  return {
    ...viewOn(session, dialect, now),
    ...forgettingOn(session, dialect, now),
    journal,
    lock,
    lockStock,
    findCustomers,
    countCustomerKeys,
    correctLoad: async (input, { sku, delta }) => {
      const sql = "update stock_movements set delta = $3 where input = $1 and sku = $2";
      await session.execute("repair.load", sql, input, storable("sku", sku), delta);
    },
    recountStock: (place) => recountStock(session, place),
    write: (changes) => write(changes, null),
    replaceFacts: async (facts) => {
      if (facts.length === 0) return;
      const rows = facts.map(({ fact, payment }) => ({
        ...{ key: fact.key, input: fact.input, gateway: fact.gateway, payment },
        object_key: objectKey(fact.scope, fact),
        at: new Date(fact.at),
        body: encodeFact(fact),
      }));
      const names = Object.keys(FACT_COLUMNS).map((name) => `"${name}"`);
      const sets = names.slice(1).map((name) => `${name} = excluded.${name}`);
      await session.execute(
        "repair.facts",
        `insert into facts (${names.join(", ")}) select ${names.map((name) => `r.${name}`).join(", ")}
         from ${dialect.rows(1, FACT_COLUMNS)} ${dialect.beforeConflict} order by r.key
         on conflict (key) do update set ${sets.join(", ")}`,
        jsonRows(dialect, "facts", FACT_COLUMNS, rows),
      );
    },
    separate: async (payments) => {
      if (payments.length === 0) return;
      await session.execute(
        "repair.separate",
        `update payments set alias_of = null where ${dialect.among("id", 1)}`,
        dialect.list(payments),
      );
    },
    forget: async ({ facts, objects, payments, subscriptions, events }) => {
      await forget("facts", "key", facts);
      await forget("object_payments", "object_key", objects);
      await forget("order_payments", "payment", payments);
      await forget("payments", "id", payments);
      await forget("subscriptions", "id", subscriptions);
      await forget("deliveries", "event", events);
      await forget("events", "id", events);
    },
  };
}
