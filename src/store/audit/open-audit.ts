import { existsSync } from "node:fs";
import type { Audit } from "../audit.ts";
import { readDatabaseUrl } from "../database-url.ts";
import { unguarded } from "../guards.ts";
import { retried } from "../retry.ts";
import type { Session } from "../session.ts";
import { StoreError } from "../store.ts";
import type { AuditDatabase } from "./audit-database.ts";
import { repairOn } from "./repair.ts";
import { viewOn } from "./view.ts";

export interface AuditOptions {
  readonly url: string;
  readonly now: () => Date;
  /** Whether `repair` may be called. */
  readonly writing?: boolean;
  readonly random?: () => number;
}

/** How often a repair gives way to a server that writes: up to eight times the store's own patience, and some seconds between. */
const ROUNDS = 8;
const PAUSE_MS = 250;

/** Opens an existing database beside whoever serves it. Rejects with a StoreError when it is not there or can't be reached. */
export async function openAudit(options: AuditOptions): Promise<Audit> {
  const { now, writing = false, random = Math.random } = options;
  const database = await openDatabase(options.url, writing);
  const { dialect } = database;
  return {
    dialect: dialect.name,
    snapshot: (work) => patiently(() => database.snapshot((session) => work(viewOn(session, dialect, now))), random),
    repair: (work) => {
      if (!writing) return Promise.reject(new StoreError("unavailable", "repair: opened for reading only"));
      const repair = (session: Session) => unguarded(session, () => work(repairOn(session, dialect, now)));
      return patiently(() => database.repair(repair), random);
    },
    close: () => database.close(),
  };
}

async function patiently<Result>(work: () => Promise<Result>, random: () => number): Promise<Result> {
  for (let round = 1; ; round += 1) {
    try {
      return await retried(work, random);
    } catch (error) {
      if (round === ROUNDS || !(error instanceof StoreError && error.reason === "busy")) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * round));
    }
  }
}

async function openDatabase(url: string, writing: boolean): Promise<AuditDatabase> {
  const where = readDatabaseUrl(url);
  switch (where.dialect) {
    case "sqlite": {
      // Opening would make an empty file, which holds no violation.
      if (!existsSync(where.file)) throw new StoreError("unavailable", `there is no database at ${where.file}`);
      const { openSqliteAudit } = await import("./sqlite-audit.ts");
      return openSqliteAudit(where.file, writing);
    }
    case "postgresql": {
      const { openPostgresqlAudit } = await import("./postgresql-audit.ts");
      return openPostgresqlAudit(where.url, writing);
    }
  }
}
