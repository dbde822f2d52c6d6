import { encodeDecision } from "../../payments/wire.ts";
import type { Forgetting } from "../audit.ts";
import type { Columns, Dialect } from "../dialect.ts";
import { jsonRows, storable } from "../json-rows.ts";
import type { Session } from "../session.ts";
import { type Upsert, upsert } from "../upsert.ts";

const DECISION_COLUMNS = { order: "text", sequence: "integer", body: "long" } as const;
const SNAPSHOT_COLUMNS = { id: "text", snapshot: "long" } as const;

const ERASURES: Upsert = {
  table: "erasures",
  columns: { subject: "text", input: "text", rest: "text" },
  key: ["subject"],
  over: ["input", "rest"],
};

/** The statements by which a person is forgotten, inside a repair. */
export function forgettingOn(session: Session, dialect: Dialect, now: () => Date): Forgetting {
  const list = (keys: readonly string[]) => dialect.list([...new Set(keys)].map((key) => storable("forget", key)));
  const replace = async (table: string, columns: Columns, rows: Parameters<typeof jsonRows>[3], sql: string) => {
    if (rows.length === 0) return;
    const source = dialect.rows(1, columns);
    await session.execute(
      `forget.${table}`,
      sql.replace("$source", () => source),
      jsonRows(dialect, table, columns, rows),
    );
  };
  return {
    inputsAbout: async (payment) => {
      const rows = await session.query<{ id: string }>(
        "forget.inputsAbout",
        "select id from inputs where payment = $1",
        payment,
      );
      return rows.map(({ id }) => id);
    },
    emptyInputs: async (ids) => {
      if (ids.length === 0) return [];
      const rows = await session.query<{ id: string }>(
        "forget.inputs",
        `update inputs set body = ${dialect.noBytes}, headers = '{}', query = ''
         where ${dialect.among("id", 1)} and due_at is null and length(body) > 0 returning id`,
        list(ids),
      );
      return rows.map(({ id }) => id);
    },
    replaceDecisions: (decisions) =>
      replace(
        "decisions",
        DECISION_COLUMNS,
        decisions.map((decision) => ({
          ...{ order: decision.order, sequence: decision.sequence, body: encodeDecision(decision) },
        })),
        'update decisions set body = r.body from $source where decisions."order" = r."order" and decisions.sequence = r.sequence',
      ),
    snapshotsAbout: ({ payments, orders }) =>
      session.query(
        "forget.eventsAbout",
        `select id, snapshot from events where ${dialect.among("payment", 1)} or ${dialect.among('"order"', 2)}`,
        list(payments),
        list(orders),
      ),
    snapshotsOf: (keys) =>
      session.query("forget.eventsOf", `select id, snapshot from events where ${dialect.among("key", 1)}`, list(keys)),
    replaceSnapshots: async (events) => {
      await replace(
        "events",
        SNAPSHOT_COLUMNS,
        events.map(({ id, snapshot }) => ({ id, snapshot })),
        "update events set snapshot = r.snapshot from $source where events.id = r.id",
      );
      if (events.length === 0) return;
      // What a receiver answered may repeat what it was sent.
      const sql = `update deliveries set log = '[]' where ${dialect.among("event", 1)} and state <> 'waiting'`;
      await session.execute("forget.deliveries", sql, list(events.map(({ id }) => id)));
    },
    documentsNaming: async (orders) => {
      const sql = `select id from (select key as id, body from documents where ${dialect.among('"order"', 1)}) as own
        where ${dialect.find("body", "'\"customer\":{'")} > 0`;
      return (await session.query("forget.documentsNaming", sql, list(orders))).length;
    },
    eraseDocuments: async (orders) => {
      const sql = `select key, body from documents where ${dialect.among('"order"', 1)}`;
      const rows = await session.query<{ key: string; body: string }>("forget.documents", sql, list(orders));
      const named = rows.flatMap(({ key, body }) => {
        const content = JSON.parse(body) as { readonly customer?: unknown }; // Proven: `encodeContent` wrote it.
        return content.customer ? [{ key, body: JSON.stringify({ ...content, customer: null }) }] : [];
      });
      const columns = { key: "text", body: "long" } as const;
      await replace(
        "documents",
        columns,
        named,
        "update documents set body = r.body from $source where documents.key = r.key",
      );
      return named.length;
    },
    forgetCustomers: async (ids) => {
      for (const table of ["customer_keys", "customer_links"])
        await session.execute(
          `forget.${table}`,
          `delete from ${table} where ${dialect.among("customer", 1)}`,
          list(ids),
        );
      return session.execute("forget.customers", `delete from customers where ${dialect.among("id", 1)}`, list(ids));
    },
    recordErasures: (erasures) =>
      upsert(
        { session, dialect, now: now() },
        ERASURES,
        erasures.map(({ subject, input, rest }) => ({ subject, input, rest })),
      ),
  };
}
