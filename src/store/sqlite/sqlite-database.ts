import { dirname } from "node:path";
import { SQLITE } from "../dialect.ts";
import { storeError } from "../errors.ts";
import { PrismaClient } from "../generated/sqlite/client.ts";
import { type RawClient, rawSession, readingSession } from "../raw-session.ts";
import type { Database, Lane } from "../session.ts";
import type { LaneLoad } from "../store.ts";
import { type QueueLoad, TurnQueue } from "../turn-queue.ts";
import { Connection } from "./connection.ts";
import { driver } from "./driver.ts";
import { lockFile } from "./file-lock.ts";
import { libsqlClient } from "./libsql-client.ts";
import { networkDisk, networkDiskWarning } from "./network-disk.ts";
import { openWriter } from "./open-writer.ts";
import { inTransaction, inTurn, numbered } from "./sqlite-transaction.ts";

const JOURNAL = { name: "journal", limit: 1_000, waitMs: 10_000 };

/**
 * One writing connection whose users take turns, and two that only read: ours, and the typed client's. Transactions are BEGIN IMMEDIATE … COMMIT on the
 * writing connection itself: Prisma's interactive ones make libSQL open a new connection each time, which forgets every pragma.
 */
export async function openSqlite(
  file: string,
  url: string,
  { threads, warn }: { readonly threads: boolean; readonly warn: (message: string) => void },
): Promise<Database> {
  const unlock = await lockFile(file);
  const disk = networkDisk(dirname(file));
  if (disk !== null) warn(networkDiskWarning(file, disk));
  const { writer, load, share, close } = openWriter({ file, pragmas: WRITER }, threads);
  const client = libsqlClient(writer);
  const reader = new Connection({ file, pragmas: READER });
  const models = new PrismaClient({ adapter: driver(url, READER), errorFormat: "minimal" });
  const closeAll = async (): Promise<void> => {
    await Promise.allSettled([close(), reader.close(), models.$disconnect()]);
    await unlock();
  };
  try {
    await lookAtWriter(client, warn);
    await endLeases(client);
  } catch (error) {
    await closeAll();
    throw storeError(error, `open ${file}`);
  }
  const journal = new TurnQueue(JOURNAL);
  const session = rawSession({ client, placeholders: numbered });
  return {
    dialect: SQLITE,
    reads: readingSession({ client: libsqlClient(reader), models, placeholders: numbered }),
    write: (lane, work) => (lane === "journal" ? journal.run(() => work(session)) : inTurn(writer, work)),
    transaction: (work) => inTransaction(writer, work),
    load: () => [loadOf("journal", journal.load()), loadOf("work", load())],
    share: () => {
      const port = share();
      return port && { dialect: "sqlite", port };
    },
    close: async () => {
      await journal.close();
      await closeAll();
    },
  };
}

function loadOf(lane: Lane, { busy, waiting }: QueueLoad): LaneLoad {
  return { lane, busy, idle: 1 - busy, waiting };
}

/**
 * Acknowledged means on disk: every commit is synced, on macOS past the drive's cache too. 16 MiB of pages in memory instead of 2,
 * as the keys of what comes in are spread over all of an index.
 *
 * A commit that finds 4 MiB in the log, SQLite's default, copies them, and all who write wait for it: with 16 a tenth less is written,
 * and the slowest of a hundred requests wait half as long again (bench/READING.md). It is not done by another connection beside this one:
 * SQLite before 3.51.3, and so libSQL, may then lose what is committed (https://www.sqlite.org/wal.html#walresetbug).
 */
const WRITER = [
  "journal_mode = WAL",
  ...["synchronous = FULL", "fullfsync = 1", "checkpoint_fullfsync = 1"],
  "cache_size = -16384",
];

const READER = ["query_only = 1"];

async function lookAtWriter(writer: RawClient, warn: (message: string) => void): Promise<void> {
  const [mode] = await writer.$queryRawUnsafe<{ journal_mode: string }[]>("PRAGMA journal_mode");
  const [level] = await writer.$queryRawUnsafe<{ synchronous: bigint }[]>("PRAGMA synchronous");
  if (mode?.journal_mode !== "wal")
    warn(`SQLite could not switch to WAL (journal_mode is ${mode?.journal_mode}): slow, still safe`);
  if (level?.synchronous !== 2n)
    warn("SQLite does not sync every commit: a power cut may lose acknowledged notifications");
}

/** Who holds the file's lock is alone: every lease in it is of a process that has ended, and nobody need wait for its end. */
async function endLeases(writer: RawClient): Promise<void> {
  const due = numbered(SQLITE.soon(1));
  for (const table of ["inputs", "deliveries"]) {
    await writer.$executeRawUnsafe(
      `UPDATE ${table} SET owner = NULL, due_at = ${due} WHERE due_at IS NOT NULL AND owner IS NOT NULL`,
      0,
    );
  }
}
