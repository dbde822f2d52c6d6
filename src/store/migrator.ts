import type { Migration } from "./migrations.ts";

/** A row of `_prisma_migrations`. */
export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
  readonly finished: boolean;
}

/** What a dialect brings to migrating: everything under a lock against other migrators. */
export interface Migrator {
  /** Null where there is no table of migrations yet. */
  applied(): Promise<readonly AppliedMigration[]>;
  /** Takes the lock, forgets unfinished rows (their SQL was rolled back), applies what is missing. */
  apply(migrations: readonly Migration[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** The same question in both dialects. */
export const APPLIED_SQL =
  "select migration_name as name, checksum, finished_at is not null as finished from _prisma_migrations where rolled_back_at is null order by started_at";

/** A migration is one transaction: one that isn't finished left nothing behind but its row. */
export const FORGET_UNFINISHED_SQL =
  "delete from _prisma_migrations where finished_at is null and rolled_back_at is null";
