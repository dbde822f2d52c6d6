import { createHash } from "node:crypto";
import type { Row, TortureDatabase } from "../databases/database.ts";
import { forgeries } from "../gateways/forger.ts";
import { type Request, send } from "../gateways/http.ts";
import type { PaypalSide } from "../gateways/paypal-side.ts";
import { FORM } from "../gateways/signer.ts";
import { pause } from "../pause.ts";
import type { Story } from "../stories/story.ts";
import { type Finding, finding } from "./finding.ts";

/** I7: what is refused leaves no trace. All tables are the same before and after everything that can be refused was asked. */

interface Refusable {
  readonly name: string;
  readonly status: number;
  readonly path: string;
  readonly request: Request;
}

interface RefusalParts {
  readonly database: TortureDatabase;
  readonly url: string;
  readonly token: string;
  readonly side: PaypalSide;
  /** Stories that were told: orders to be asked about, true bodies to be forged. */
  readonly stories: readonly Story[];
}

/** Not by what was sent: the schema's own, and the chain that is made behind those who write. */
const OWN_TABLES = new Set(["_prisma_migrations", "sqlite_sequence", "seals"]);
/** Bodies, which nothing changes and which make the answers large; what whoever tells others writes at any time. */
const UNSEEN: Readonly<Record<string, readonly string[]>> = {
  inputs: ["body"],
  deliveries: ["state", "reason", "owner", "due_at", "attempts", "log", "settled_at"],
  receivers: ["failures", "failing_since", "paused_until", "busy_until", "changed_at"],
};
const ATTEMPTS = 20;
const TIMES = 3;

export async function checkRefusals(parts: RefusalParts): Promise<readonly Finding[]> {
  let findings: readonly Finding[] = [];
  // What was parked an hour ago may come due just now: a trace that a request leaves is left each time.
  for (let time = 0; time < TIMES; time += 1) {
    findings = await askAll(parts);
    if (findings.length === 0) return [];
  }
  return findings;
}

async function askAll(parts: RefusalParts): Promise<readonly Finding[]> {
  const before = await digests(parts.database);
  const findings: Finding[] = [];
  let address = 0;
  for (const { name, status, path, request } of refusables(parts)) {
    address += 1;
    // From addresses of their own: so many failures from one are answered 429.
    const headers = { ...request.headers, "x-forwarded-for": `203.0.114.${address}` };
    const got = await statusOf(parts.url + path, { ...request, headers });
    if (got !== status) findings.push(finding("wrong", "I7", `${name}: answered ${got}, ought to be ${status}`));
  }
  const after = await digests(parts.database);
  const changed = [...after.keys()].filter((table) => before.get(table) !== after.get(table));
  if (changed.length === 0) return findings;
  return [...findings, finding("wrong", "I7", `${address} refused requests changed ${changed.join(", ")}`)];
}

/** A machine that is busy may break a connection, or say 503: that is no answer to this question. */
async function statusOf(url: string, request: Request): Promise<number | string> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    const answer = await send(url, request);
    if (answer.kind === "status" && answer.status !== 503) return answer.status;
    await pause(500);
  }
  return "nothing";
}

function refusables({ stories, side, token }: RefusalParts): readonly Refusable[] {
  return [...forged(stories, side), ...malformed(), ...commands(stories, token)];
}

/** Classic IPN has no signature: who only looks like PayPal is stored, asked about and rejected. */
function forged(stories: readonly Story[], side: PaypalSide): readonly Refusable[] {
  return (["stripe", "paypal"] as const).flatMap((gateway) => {
    const message = stories.flatMap(({ messages }) => messages).find((each) => each.gateway === gateway);
    if (!message) return [];
    return forgeries(gateway, Buffer.from(message.body), side).map(({ kind, signed }) => ({
      name: kind,
      status: 401,
      path: signed.path,
      request: { headers: signed.headers, body: signed.body },
    }));
  });
}

function malformed(): readonly Refusable[] {
  const json = { "content-type": "application/json" };
  const large = Buffer.alloc(256 * 1024 + 1, 0x20);
  return [
    { name: "an empty body", status: 400, path: "/ipn/stripe", request: { headers: json } },
    { name: "a form that is no IPN", status: 400, path: "/ipn/paypal-ipn", request: form("%%%") },
    { name: "another method", status: 405, path: "/ipn/stripe", request: { method: "GET", headers: {} } },
    { name: "a body over the limit", status: 413, path: "/ipn/stripe", request: { headers: json, body: large } },
    {
      name: "plain text",
      status: 415,
      path: "/ipn/stripe",
      request: { headers: { "content-type": "text/plain" }, body: Buffer.from("x") },
    },
    {
      name: "an unknown gateway",
      status: 404,
      path: "/ipn/constructor",
      request: { headers: json, body: Buffer.from("{}") },
    },
  ];
}

function form(text: string): Request {
  return { headers: FORM, body: Buffer.from(text) };
}

function commands(stories: readonly Story[], token: string): readonly Refusable[] {
  const order = stories.find(({ order: each }) => each.isRegistered)?.order;
  if (!order) return [];
  const ask = (content: unknown, method: "POST" | "PATCH" = "POST", authorization = `Bearer ${token}`): Request => ({
    method,
    headers: { authorization, "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(content)),
  });
  const place = `/v1/orders/${order.reference}`;
  const money = { reference: "X-1", method: "cash", amount: 100, by: "Ann", reason: "none" };
  const other = { reference: order.reference, total: order.total + 1, currency: "USD" };
  const verdict = { by: "Ann", reason: "none" };
  const endpoint = { url: "https://shop.example/told" };
  return [
    { name: "no token", status: 401, path: "/v1/orders", request: ask(other, "POST", "") },
    { name: "a wrong token", status: 401, path: "/v1/orders", request: ask(other, "POST", "Bearer wrong") },
    { name: "another order of the same reference", status: 409, path: "/v1/orders", request: ask(other) },
    { name: "an order without a total", status: 400, path: "/v1/orders", request: ask({ reference: "X" }) },
    { name: "a fraction of a cent", status: 400, path: "/v1/orders", request: ask({ ...other, total: 0.5 }) },
    {
      name: "a change of another version",
      status: 409,
      path: place,
      request: ask({ version: 999, total: 1 }, "PATCH"),
    },
    { name: "an endpoint without a token", status: 401, path: "/v1/endpoints", request: ask(endpoint, "POST", "") },
    {
      name: "an endpoint that is no web page",
      status: 400,
      path: "/v1/endpoints",
      request: ask({ url: "file:///etc/passwd" }),
    },
    {
      name: "a delivery again that never was",
      status: 404,
      path: "/v1/deliveries/dlv_00000000000000000000/redeliver",
      request: ask({}),
    },
    { name: "a cancellation of no order", status: 404, path: "/v1/orders/no-such/cancel", request: ask({}) },
    {
      name: "money in another currency",
      status: 409,
      path: `${place}/payments`,
      request: ask({ ...money, currency: "EUR" }),
    },
    {
      name: "a verdict on no payment",
      status: 404,
      path: "/v1/payments/pay_00000000000000000000/accept",
      request: ask(verdict),
    },
  ];
}

/** Each table as one hash of all its rows, whatever their order. */
async function digests(database: TortureDatabase): Promise<ReadonlyMap<string, string>> {
  const names =
    database.dialect === "sqlite"
      ? "select name from sqlite_master where type = 'table'"
      : "select tablename as name from pg_tables where schemaname = 'public'";
  const digested = new Map<string, string>();
  for (const { name } of await database.query(names)) {
    const table = String(name);
    if (OWN_TABLES.has(table)) continue;
    const columns = await columnsOf(database, table);
    digested.set(table, digestOf(await database.query(`select ${columns} from "${table}"`)));
  }
  return digested;
}

async function columnsOf(database: TortureDatabase, table: string): Promise<string> {
  const all =
    database.dialect === "sqlite"
      ? `select name from pragma_table_info('${table}')`
      : `select column_name as name from information_schema.columns where table_schema = 'public' and table_name = '${table}'`;
  const names = (await database.query(all)).map(({ name }) => String(name));
  return names
    .filter((name) => !UNSEEN[table]?.includes(name))
    .map((name) => `"${name}"`)
    .join(", ");
}

function digestOf(rows: readonly Row[]): string {
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64");
  const each = rows.map((row) =>
    hash(JSON.stringify(row, (_name, value) => (typeof value === "bigint" ? `${value}` : value))),
  );
  return hash(each.sort().join());
}
