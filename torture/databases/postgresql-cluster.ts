import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { pause } from "../pause.ts";
import type { TortureDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { openProxy } from "./proxy.ts";
import { mountSmallDisk } from "./small-disk.ts";

const run = promisify(execFile);
const DISK_MIB = 2_048;
const MAX_CONNECTIONS = 60;
const NAME = "torture";

/** A cluster of its own, made by initdb in `folder`, that nobody else uses: it is stopped, cut off and filled up. */
export async function openPostgresqlCluster(folder: string, slots: number): Promise<TortureDatabase> {
  const bin = findBinaries();
  const data = join(folder, "cluster");
  const spaceFolder = join(folder, "tablespace");
  mkdirSync(data, { recursive: true });
  mkdirSync(spaceFolder, { recursive: true });
  const disk = mountSmallDisk(spaceFolder, DISK_MIB);
  chmodSync(folder, 0o755);
  const space = join(spaceFolder, "tables");
  mkdirSync(space, { recursive: true });
  const program = await asDatabaseUser([data, space]);
  const port = await freePort();
  await program(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]);
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=${MAX_CONNECTIONS} -c log_statement=none`;
  const pgCtl = (...command: readonly string[]) =>
    program(join(bin, "pg_ctl"), ["-D", data, "-w", "-t", "60", "-l", join(data, "log"), "-o", settings, ...command]);
  await pgCtl("start");
  const urlAt = (at: number, database: string): string => `postgresql://postgres@127.0.0.1:${at}/${database}`;
  const administer = async <Result>(database: string, work: (client: Client) => Promise<Result>): Promise<Result> => {
    const client = new Client({ connectionString: urlAt(port, database), connectionTimeoutMillis: 5_000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const version = await administer("postgres", async (client) => {
    await client.query(`create tablespace small location '${space}'`);
    await client.query(`create database ${NAME} tablespace small`);
    return (await client.query<{ server_version: string }>("show server_version")).rows[0]?.server_version ?? "";
  });
  const proxies = await Promise.all(Array.from({ length: slots }, () => openProxy(port)));
  return {
    dialect: "postgresql",
    version: `PostgreSQL ${version}`,
    urlFor: (slot) => urlAt(proxies[slot]?.port ?? port, NAME),
    query: (sql) => administer(NAME, async (client) => (await client.query<Record<string, unknown>>(sql)).rows),
    disk,
    lockFile: null,
    server: {
      proxies,
      restartImmediately: () => pgCtl("restart", "-m", "immediate"),
      stop: () => pgCtl("stop", "-m", "fast"),
      start: () => pgCtl("start"),
      startIfDown: async () => {
        const isUp = await administer("postgres", async () => true).catch(() => false);
        if (!isUp) await pgCtl("start");
      },
      lockTable: (table, ms) =>
        administer(NAME, async (client) => {
          await client.query(`begin; lock table ${table} in exclusive mode`);
          await pause(ms);
          await client.query("rollback");
        }),
      exhaust: (ms) => exhaust(() => new Client({ connectionString: urlAt(port, NAME) }), ms),
    },
    close: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await pgCtl("stop", "-m", "immediate").catch(() => undefined);
      disk?.close();
    },
  };
}

async function exhaust(connection: () => Client, ms: number): Promise<void> {
  const held: Client[] = [];
  const take = async (): Promise<boolean> => {
    const client = connection();
    client.on("error", () => undefined);
    try {
      await client.connect();
      held.push(client);
      return true;
    } catch {
      return false;
    }
  };
  if (await take()) {
    await held[0]?.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'paybell%' and pid <> pg_backend_pid()",
    );
  }
  const until = Date.now() + ms;
  while (Date.now() < until) {
    const taken = await Promise.all(Array.from({ length: 20 }, take));
    if (!taken.includes(true)) await pause(100);
  }
  await Promise.all(held.map((client) => client.end().catch(() => undefined)));
}

function findBinaries(): string {
  const installed = "/usr/lib/postgresql";
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(installed, version, "bin")),
    ...(process.env.PATH ?? "").split(":"),
  ];
  const found = folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "pg_ctl")));
  if (found === undefined)
    throw new Error("initdb and pg_ctl are not on this machine: install PostgreSQL, or use --database sqlite");
  return found;
}

/** PostgreSQL refuses to run as root: then it runs as `postgres`, who comes with it. */
async function asDatabaseUser(
  folders: readonly string[],
): Promise<(command: string, parameters: readonly string[]) => Promise<void>> {
  if (process.getuid?.() !== 0) {
    return async (command, parameters) => void (await run(command, [...parameters], { cwd: "/" }));
  }
  for (const folder of folders) await run("chown", ["postgres:postgres", folder]);
  const prefix = ["--reuid=postgres", "--regid=postgres", "--init-groups"];
  return async (command, parameters) => void (await run("setpriv", [...prefix, command, ...parameters], { cwd: "/" }));
}
