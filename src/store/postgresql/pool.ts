import { Socket } from "node:net";
import { Client, type ClientBase, Pool, type PoolClient } from "pg";

/** The server's bounds. Each is below the client's own, so that the server's clearer answer comes first. */
const STATEMENT_MS = 5_000;
const LOCK_MS = 2_000;
const IDLE_IN_TRANSACTION_MS = 10_000;
/** Waiting for a connection of the pool, and for a new one to open. */
const CONNECT_MS = 2_000;
/** A connection in use from which nothing comes for so long is dead: longer than any statement may take. */
const SILENCE_MS = STATEMENT_MS + 1_000;

/**
 * Prisma's adapter drops the offset of times it reads: sessions must be in UTC whatever the database's setting. The
 * store's locking relies on READ COMMITTED: each statement sees what was committed when it began.
 */
const SESSION_SETTINGS = `
  set timezone = 'UTC';
  set statement_timeout = ${STATEMENT_MS};
  set lock_timeout = ${LOCK_MS};
  set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS};
  set default_transaction_isolation = 'read committed'`;

/**
 * For what finds its rows by keys, however many there are. A plan that is kept was made for the tables of its time: on a new
 * database these are empty, and a plan that reads them whole looks cheap until the server's next ANALYZE: a minute away by its
 * defaults (autovacuum_naptime), and many thousand rows.
 */
export const BY_KEY = `
  set enable_seqscan = off;
  set enable_hashjoin = off;
  set enable_mergejoin = off;
  set enable_material = off;
  set jit = off`;

/** `by_key`: each statement is parsed and planned once on a connection. `any`: it may have to read a table whole, and is planned each time. */
export type Plans = "by_key" | "any";

export interface PoolOptions {
  readonly url: string;
  readonly max: number;
  readonly plans: Plans;
  readonly onError: (error: Error) => void;
}

/** A pool in which every wait ends, and that survives the database's restart. */
export function openPool(options: PoolOptions): Pool {
  const pool = new Pool({
    connectionString: options.url,
    application_name: "paybell",
    max: options.max,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // What is asked for at once is sent at once, and answered in order: https://node-postgres.com/features/pipelining
    pipeline: true,
    onConnect: (client) => setUp(client, options.plans),
  });
  // Without this listener the loss of an idle connection would end the process.
  pool.on("error", options.onError);
  // Nor may the loss of one that is in use: whoever uses it hears of it by its statement.
  pool.on("connect", (client) => client.on("error", () => undefined));
  pool.on("acquire", (client) => boundSilence(client, SILENCE_MS));
  pool.on("release", (_error, client) => boundSilence(client, 0));
  return pool;
}

async function setUp(client: ClientBase, plans: Plans): Promise<void> {
  const socket = socketOf(client);
  socket?.on("timeout", () => socket.destroy());
  await client.query(plans === "by_key" ? `${SESSION_SETTINGS}; ${BY_KEY}` : SESSION_SETTINGS);
  const { rows } = await client.query<{ off: boolean }>("select current_setting('synchronous_commit') = 'off' as off");
  // Acknowledged means on disk, whatever the database's default is.
  if (rows[0]?.off === true) await client.query("set synchronous_commit = on");
}

/** statement_timeout is the server's: over a connection that swallows packets nothing would ever come back. 0 is no bound. */
function boundSilence(client: ClientBase, milliseconds: number): void {
  socketOf(client)?.setTimeout(milliseconds);
}

/** Cut off, whatever it still waits for: the server rolls back when it goes. With a pipeline, ending it would wait for its answers. */
export function discard(client: PoolClient): void {
  socketOf(client)?.destroy();
  client.release(true);
}

function socketOf(client: ClientBase): Socket | null {
  return client instanceof Client && client.connection.stream instanceof Socket ? client.connection.stream : null;
}
