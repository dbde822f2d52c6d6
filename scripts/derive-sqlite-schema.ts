import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Writes prisma/sqlite/schema.prisma, or with `--check` fails when it is not what prisma/schema.prisma makes of it. */

const SOURCE = new URL("../prisma/schema.prisma", import.meta.url);
const DERIVED = new URL("../prisma/sqlite/schema.prisma", import.meta.url);

const NOTICE = "// Derived from ../schema.prisma by `npm run generate`: change that one.\n\n";

/** SQLite's schema: the same tables, without PostgreSQL's own types. */
export function deriveSqliteSchema(postgresql: string): string {
  const body = postgresql
    .slice(postgresql.indexOf("generator client"))
    .replace('"../src/store/generated/postgresql"', '"../../src/store/generated/sqlite"')
    .replace('provider = "postgresql"', 'provider = "sqlite"')
    .replaceAll(/ +@db\.\w+(\(\d+\))?/g, "")
    // SQLite numbers rows by INTEGER PRIMARY KEY only, which is 64 bits wide.
    .replaceAll(/BigInt( +@id @default\(autoincrement\(\)\))/g, "Int   $1");
  return NOTICE + body;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const derived = deriveSqliteSchema(readFileSync(SOURCE, "utf8"));
  if (!process.argv.includes("--check")) writeFileSync(DERIVED, derived);
  else if (readFileSync(DERIVED, "utf8") !== derived) {
    console.error("prisma/sqlite/schema.prisma is out of date: npx tsx scripts/derive-sqlite-schema.ts");
    process.exitCode = 1;
  }
}
