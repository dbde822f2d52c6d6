import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { PrismaPg } from "@prisma/adapter-pg";
import type { SqlMigrationAwareDriverAdapterFactory } from "@prisma/driver-adapter-utils";
import { Client } from "pg";
import { readMigrations } from "../src/store/migrations.ts";
import { missingSql } from "../src/store/schema-engine.ts";

/**
 * `npx tsx scripts/new-migration.ts <what_it_does>`: writes, for both databases, what the migrations lack of the schemas.
 * Read it before you commit it: the SQL is made by comparing, and a renamed column is a dropped and an added one.
 * PostgreSQL's part needs a server on which it may create a database: TEST_DATABASE_URL, or 127.0.0.1 as postgres.
 */

const what = process.argv[2];
if (what === undefined || !/^[a-z][a-z0-9_]*$/.test(what)) {
  console.error("usage: npx tsx scripts/new-migration.ts <what_it_does>");
  process.exit(2);
}

const server = process.env.TEST_DATABASE_URL ?? "postgresql://postgres@127.0.0.1:5432/postgres";
const name = `${new Date().toISOString().replaceAll(/\D/g, "").slice(0, 14)}_${what}`;
await withPostgresql((factory) => writeMigration("postgresql", factory, "../prisma/schema.prisma"));
await withSqlite((factory) => writeMigration("sqlite", factory, "../prisma/sqlite/schema.prisma"));

async function writeMigration(
  dialect: "postgresql" | "sqlite",
  factory: SqlMigrationAwareDriverAdapterFactory,
  schema: string,
): Promise<void> {
  const wanted = readFileSync(new URL(schema, import.meta.url), "utf8");
  const missing = await missingSql(dialect, factory, readMigrations(dialect), wanted);
  // Prisma's schema has no word for it: the first migration says why.
  const sql = dialect === "postgresql" ? missing.replaceAll(/(?<=^.*" )TEXT\b/gm, 'TEXT COLLATE "C"') : missing;
  if (sql === "") return console.log(`${dialect}: nothing is missing`);
  const folder = new URL(`../prisma/migrations/${dialect}/${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  // One transaction: a migration is there and noted, or it isn't. Prisma's own note comes after it, and a kill may come between.
  const note = `UPDATE "_prisma_migrations" SET "finished_at" = CURRENT_TIMESTAMP WHERE "migration_name" = '${name}';`;
  writeFileSync(new URL("migration.sql", folder), `BEGIN;\n\n${sql}\n\n${note}\n\nCOMMIT;\n`);
  console.log(`${dialect}: prisma/migrations/${dialect}/${name}/migration.sql`);
}

type Use = (factory: SqlMigrationAwareDriverAdapterFactory) => Promise<void>;

async function withPostgresql(use: Use): Promise<void> {
  const database = `paybell_shadow_${randomUUID().replaceAll("-", "")}`;
  const url = new URL(server);
  url.pathname = `/${database}`;
  const client = new Client({ connectionString: server });
  await client.connect();
  await client.query(`create database ${database}`);
  try {
    await use(new PrismaPg({ connectionString: url.href, max: 1 }));
  } finally {
    await client.query(`drop database ${database} with (force)`);
    await client.end();
  }
}

async function withSqlite(use: Use): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "paybell-shadow-"));
  try {
    await use(new PrismaLibSql({ url: `file:${join(folder, "shadow.db")}` }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
