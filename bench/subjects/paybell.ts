import { join } from "node:path";
import { type BenchDatabase, openPostgresql, openSqlite } from "../database.ts";
import { type Names, STRIPE_SECRET } from "../load/notifications.ts";
import { freePort, type ServerProcess, startServer } from "../processes.ts";
import type { Orders, RunningSubject, Subject, Workplace } from "./subject.ts";

/** Paybell itself: built, in processes of its own, with its defaults. */

const API_TOKEN = "bench-token-0123456789abcdefghijklmnopqrstuv";

export const PAYBELL_SQLITE: Subject = {
  name: "sqlite",
  title: "Paybell, SQLite",
  start: async (place) => startPaybell(place, openSqlite(place.folder), 1),
};

export const PAYBELL_POSTGRESQL: Subject = {
  name: "postgresql",
  title: "Paybell, PostgreSQL",
  start: async (place) => startPaybell(place, await openPostgresql(place.postgresql), 1),
};

export const PAYBELL_TWO_PROCESSES: Subject = {
  name: "postgresql-2",
  title: "Paybell, PostgreSQL, two processes",
  start: async (place) => startPaybell(place, await openPostgresql(place.postgresql), 2),
};

export const PAYBELL_SQLITE_TOLD: Subject = {
  name: "sqlite-told",
  title: "Paybell, SQLite, with an endpoint and mail",
  start: (place) => withReceivers(place, openSqlite(place.folder)),
};

export const PAYBELL_POSTGRESQL_TOLD: Subject = {
  name: "postgresql-told",
  title: "Paybell, PostgreSQL, with an endpoint and mail",
  start: async (place) => withReceivers(place, await openPostgresql(place.postgresql)),
};

export const PAYBELL_SQLITE_ORDERS: Subject = {
  name: "sqlite-orders",
  title: "Paybell, SQLite, registered orders",
  start: (place) => withOrders(place, openSqlite(place.folder), BARE),
};

export const PAYBELL_POSTGRESQL_ORDERS: Subject = {
  name: "postgresql-orders",
  title: "Paybell, PostgreSQL, registered orders",
  start: async (place) => withOrders(place, await openPostgresql(place.postgresql), BARE),
};

export const PAYBELL_SQLITE_ALL: Subject = {
  name: "sqlite-all",
  title: "Paybell, SQLite, registered orders and all that follows",
  start: (place) => withOrders(place, openSqlite(place.folder), effects()),
};

export const PAYBELL_POSTGRESQL_ALL: Subject = {
  name: "postgresql-all",
  title: "Paybell, PostgreSQL, registered orders and all that follows",
  start: async (place) => withOrders(place, await openPostgresql(place.postgresql), effects()),
};

/** Goods that the orders are of: several, as in a shop. */
const SKUS = Array.from({ length: 20 }, (_, index) => `TEA-${index}`);
const REGISTERED_AT_ONCE = 32;
/** Enough keys for every tenth order of a phase. */
const [KEY_LOADS, KEYS_AT_ONCE] = [10, 1_000];

/**
 * The orders of the phase that measures what is applied are registered before it, with lines and buyers. With every effect on
 * each has something to do but subscriptions: counted goods, a download each, a license key for every tenth.
 */
async function withOrders(
  place: Workplace,
  database: BenchDatabase,
  settings: Readonly<Record<string, string>>,
): Promise<RunningSubject> {
  const paybell = await startPaybell(place, database, 1, settings);
  const port = paybell.ports[0] ?? 0;
  const has = (effect: string): boolean => settings.EFFECTS?.split(",").includes(effect) ?? true;
  if (has("stock")) await countGoods(port);
  if (has("licenses")) await loadKeys(port);
  return {
    ...paybell,
    prepare: async (orders) => {
      const rest = orders.entries();
      const register = async (): Promise<void> => {
        for (const [index, { reference, total }] of rest)
          await postTo(port, "/v1/orders", boughtBy(index, { reference, total, has }));
      };
      await Promise.all(Array.from({ length: REGISTERED_AT_ONCE }, register));
    },
  };
}

/** `BENCH_EFFECTS` measures some of them. */
function effects(): Readonly<Record<string, string>> {
  const { BENCH_EFFECTS } = process.env;
  return BENCH_EFFECTS === undefined ? {} : { EFFECTS: BENCH_EFFECTS };
}

async function countGoods(port: number): Promise<void> {
  for (const sku of SKUS) {
    const load = { reference: `bench-${sku}`, level: 100_000_000, by: "bench", reason: "a full house" };
    await send("PUT", port, `/v1/stock/${sku}`, load);
  }
}

async function loadKeys(port: number): Promise<void> {
  for (let load = 0; load < KEY_LOADS; load += 1) {
    const keys = Array.from({ length: KEYS_AT_ONCE }, (_, index) => `BENCH-${load}-${index}`);
    await postTo(port, "/v1/licenses/timer", { keys });
  }
}

/** Three lines; each buyer comes again after some thousand orders. */
function boughtBy(
  index: number,
  order: { readonly reference: string; readonly total: number; readonly has: (effect: string) => boolean },
) {
  const { reference, total, has } = order;
  const isTenth = index % 10 === 0;
  const lines = [
    { sku: SKUS[index % SKUS.length], name: "Tea", quantity: 1 + (index % 3), amount: total - 500 },
    { sku: "BOOK", name: "A book", quantity: 1, amount: 300, ...(has("downloads") && { download: { url: BOOK } }) },
    {
      sku: "TIMER",
      name: "A timer",
      quantity: 1,
      amount: 200,
      ...(has("licenses") && isTenth && { license: "timer" }),
    },
  ];
  const customer = { email: `buyer${index % 5_000}@example.com`, name: "Ann Example" };
  return { reference, currency: "USD", total, customer, lines };
}

const BOOK = "https://downloads.example.com/book.pdf";

/** An endpoint hears of every event; mail goes out for the orders that are registered with an address. */
async function withReceivers(place: Workplace, database: BenchDatabase): Promise<RunningSubject> {
  const [port, smtpPort] = [await freePort(), await freePort()];
  const receivers = await startServer({
    root: place.root,
    command: ["--import", "tsx", join(place.root, "bench/servers/receivers.ts")],
    env: { SMTP_PORT: String(smtpPort) },
    port,
    readyPath: "/",
  });
  const settings = { ...BARE, SMTP_URL: `smtp://127.0.0.1:${smtpPort}`, MAIL_FROM: "shop@example.com" };
  const paybell = await startPaybell(place, database, 1, settings);
  await postTo(paybell.ports[0] ?? 0, "/v1/endpoints", { url: `http://127.0.0.1:${port}/`, events: ["*"] });
  return {
    ...paybell,
    stop: async () => {
      await paybell.stop();
      await receivers.stop();
    },
  };
}

/** Payments, orders and telling of them, and nothing that follows: what others are compared with has no such thing. */
const BARE = { EFFECTS: "off" };

async function startPaybell(
  place: Workplace,
  database: BenchDatabase,
  count: number,
  env: Readonly<Record<string, string>> = BARE,
): Promise<RunningSubject> {
  const ports = await Promise.all(Array.from({ length: count }, freePort));
  let servers = await startAll(place, database, ports, env);
  return {
    ports,
    pids: () => servers.map(({ pid }) => pid),
    path: "/ipn/stripe",
    async restart(whileStopped) {
      await Promise.all(servers.map((server) => server.stop()));
      await whileStopped?.();
      servers = await startAll(place, database, ports, env);
      return { readyMs: Math.max(...servers.map(({ readyMs }) => readyMs)) };
    },
    applied: async () => {
      const [row] = await database.query("select cast(coalesce(sum(count), 0) as bigint) as settled from heard");
      return Number(row?.settled ?? 0);
    },
    lookUp: (names) => lookUp(database, names),
    orders: ordersOf(ports[0] ?? 0, database),
    prepare: null,
    ask: (path) => ask(`http://127.0.0.1:${ports[0]}${path}`),
    execute: database.execute,
    databaseCpuSeconds: database.cpuSeconds,
    bytesWritten: () => database.bytesWritten(servers.map(({ pid }) => pid)),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
      await database.drop();
    },
  };
}

/** The first alone: it brings the schema. */
async function startAll(
  place: Workplace,
  database: BenchDatabase,
  ports: readonly number[],
  env: Readonly<Record<string, string>>,
): Promise<readonly ServerProcess[]> {
  const servers: ServerProcess[] = [];
  for (const port of ports) {
    servers.push(
      await startServer({
        root: place.root,
        command: [join(place.root, "dist/main.js")],
        env: {
          DATA_DIR: place.folder,
          DATABASE_URL: database.url,
          API_TOKEN,
          STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
          ...env,
        },
        port,
        readyPath: "/health/ready",
      }),
    );
  }
  return servers;
}

async function lookUp(
  database: BenchDatabase,
  names: readonly Names[],
): Promise<{ readonly stored: number; readonly applied: number }> {
  // Ours alone, made of letters and digits: nothing to escape.
  const keys = names.map(({ event }) => `'${event}'`).join(", ");
  const [row] = await database.query(
    `select count(*) as stored, count(case when state = 'applied' then 1 end) as applied from inputs
     where gateway = 'stripe' and account = 'default' and key in (${keys})`,
  );
  return { stored: Number(row?.stored ?? 0), applied: Number(row?.applied ?? 0) };
}

async function ask(url: string): Promise<string> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${API_TOKEN}` } });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
  return answer.text();
}

/** Looked at beside the service: through its API one question costs more than a notification, and would be the load that is measured. */
function ordersOf(port: number, database: BenchDatabase): Orders {
  return {
    register: (reference, total) =>
      postTo(port, "/v1/orders", { reference, currency: "USD", total, customer: { email: "ann@example.com" } }),
    paid: async (references) => {
      const names = references.map((reference) => `'${reference}'`).join(", ");
      const rows = await database.query(
        `select reference from orders where status = 'paid' and reference in (${names})`,
      );
      return new Set(rows.map(({ reference }) => String(reference)));
    },
  };
}

function postTo(port: number, path: string, body: unknown): Promise<void> {
  return send("POST", port, path, body);
}

async function send(method: string, port: number, path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${API_TOKEN}`, "content-type": "application/json" };
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  await answer.body?.cancel();
  if (answer.status !== 201 && answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
}
