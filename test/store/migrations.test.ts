import { readFileSync } from "node:fs";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { PrismaPg } from "@prisma/adapter-pg";
import { describe, expect, test } from "vitest";
import { deriveSqliteSchema } from "../../scripts/derive-sqlite-schema.ts";
import { migrate } from "../../src/store/migrate.ts";
import { readMigrations } from "../../src/store/migrations.ts";
import { missingSql } from "../../src/store/schema-engine.ts";
import { skipWithout } from "../absent.ts";
import { availableDialects, createEmptyDatabase, type DialectName } from "./databases.ts";

const SCHEMAS = { postgresql: "../../prisma/schema.prisma", sqlite: "../../prisma/sqlite/schema.prisma" } as const;

function schemaOf(dialect: DialectName): string {
  return readFileSync(new URL(SCHEMAS[dialect], import.meta.url), "utf8");
}

/** Runs one statement beside Paybell, as an operator or another version would. */
async function run(dialect: DialectName, url: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const adapter = await factoryOf(dialect, url).connect();
  try {
    return (await adapter.queryRaw({ sql, args: [], argTypes: [] })).rows;
  } finally {
    await adapter.dispose();
  }
}

function factoryOf(dialect: DialectName, url: string): PrismaPg | PrismaLibSql {
  return dialect === "sqlite" ? new PrismaLibSql({ url }) : new PrismaPg({ connectionString: url, max: 1 });
}

test("sqlite's schema is what postgresql's makes of it", () => {
  expect(schemaOf("sqlite")).toBe(deriveSqliteSchema(schemaOf("postgresql")));
});

test.each(["sqlite", "postgresql"] as const)(
  "each migration on %s notes in its own transaction that it is done",
  (dialect) => {
    for (const { name, sql } of readMigrations(dialect)) {
      expect(sql).toMatch(/^BEGIN;\n/);
      const note = `UPDATE "_prisma_migrations" SET "finished_at" = CURRENT_TIMESTAMP WHERE "migration_name" = '${name}';`;
      expect(sql.endsWith(`${note}\n\nCOMMIT;\n`)).toBe(true);
    }
  },
);

for (const { dialect, skip } of await availableDialects()) {
  describe(`migrations on ${dialect}`, () => {
    const withDatabase =
      (work: (url: string) => Promise<void>) => async (context: { skip: (note?: string) => void }) => {
        skipWithout(context, skip);
        const database = await createEmptyDatabase(dialect);
        try {
          await work(database.url);
        } finally {
          await database.drop();
        }
      };

    test(
      "end at the schema, with nothing missing",
      withDatabase(async (url) => {
        expect(await missingSql(dialect, factoryOf(dialect, url), readMigrations(dialect), schemaOf(dialect))).toBe("");
      }),
    );

    test(
      "say what is missing when the schema has more",
      withDatabase(async (url) => {
        const more = schemaOf(dialect).replace("model Token {", "model Token {\n  note String?");
        const sql = await missingSql(dialect, factoryOf(dialect, url), readMigrations(dialect), more);
        expect(sql).toMatch(/ALTER TABLE "tokens" ADD COLUMN +"note" TEXT;/);
      }),
    );

    if (dialect === "postgresql")
      test(
        "compare texts by their bytes, and compress by LZ4 what is long",
        withDatabase(async (url) => {
          await migrate(url);
          const rules = await run(
            dialect,
            url,
            `select c.collation_name::text, a.attcompression::text from information_schema.columns c
           join pg_attribute a on a.attrelid = quote_ident(c.table_name)::regclass and a.attname = c.column_name
           where c.table_schema = 'public' and c.table_name <> '_prisma_migrations' and c.data_type in ('text', 'bytea')
           group by 1, 2 order by 1`,
          );
          // Not every server was built with LZ4.
          const built = "select 'lz4' = any(enumvals) from pg_settings where name = 'default_toast_compression'";
          const [[hasLz4] = []] = await run(dialect, url, built);
          const compression = hasLz4 === true ? "l" : "";
          expect(rules).toEqual([
            ["C", compression],
            [null, compression],
          ]);
        }),
      );

    test(
      "are each one transaction",
      withDatabase(async () => {
        for (const { sql } of readMigrations(dialect)) expect(sql).toMatch(/^BEGIN;\n.*\nCOMMIT;\n$/s);
        await Promise.resolve();
      }),
    );

    test(
      "are applied once by two processes that start together",
      withDatabase(async (url) => {
        const names = readMigrations(dialect).map(({ name }) => name);
        const reports = await Promise.allSettled([migrate(url), migrate(url), migrate(url)]);
        const applied = reports.flatMap((report) => (report.status === "fulfilled" ? report.value.applied : []));
        expect(applied).toEqual(names);
        // On SQLite the others may be told that the file is in use.
        for (const report of reports)
          if (report.status === "rejected") expect(report.reason).toMatchObject({ reason: "unavailable" });
        expect(await migrate(url)).toMatchObject({ applied: [] });
      }),
    );

    test(
      "refuse a database that a newer version migrated",
      withDatabase(async (url) => {
        await migrate(url);
        await run(dialect, url, "update _prisma_migrations set migration_name = '29990101000000_later'");
        await expect(migrate(url)).rejects.toMatchObject({
          name: "StoreError",
          message: /newer version.*29990101000000_later/,
        });
      }),
    );

    test(
      "refuse a database whose migration was another",
      withDatabase(async (url) => {
        await migrate(url);
        await run(dialect, url, "update _prisma_migrations set checksum = 'edited'");
        await expect(migrate(url)).rejects.toMatchObject({
          name: "StoreError",
          message: /is not the one that was applied/,
        });
      }),
    );

    test(
      "start over where a crash left one unfinished",
      withDatabase(async (url) => {
        const [first] = readMigrations(dialect);
        await migrate(url);
        for (const table of await tables(dialect, url)) await run(dialect, url, `drop table "${table}"`);
        await run(dialect, url, "update _prisma_migrations set finished_at = null, applied_steps_count = 0");
        expect(await migrate(url)).toMatchObject({ applied: [first?.name] });
        expect(await migrate(url)).toMatchObject({ applied: [] });
      }),
    );
  });
}

async function tables(dialect: DialectName, url: string): Promise<readonly string[]> {
  const sql =
    dialect === "sqlite"
      ? "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name <> '_prisma_migrations'"
      : "select tablename::text from pg_tables where schemaname = 'public' and tablename <> '_prisma_migrations'";
  return (await run(dialect, url, sql)).map(([name]) => String(name));
}
