import { PrismaLibSql } from "@prisma/adapter-libsql";

/** How Paybell opens a SQLite file, in whatever thread. */
export function driver(url: string): PrismaLibSql {
  // `timeout` stays 0: waiting for a lock would block the thread. Busy is retried instead.
  return new PrismaLibSql({ url, intMode: "bigint" }, { timestampFormat: "unixepoch-ms" });
}
