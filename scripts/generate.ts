import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { deriveSqliteSchema } from "./derive-sqlite-schema.ts";

/**
 * `npx tsx scripts/generate.ts`: derives SQLite's schema and generates both Prisma clients, downloading nothing. Does
 * nothing when they were made from these schemas by this version of Prisma.
 */

const root = new URL("../", import.meta.url);
const SCHEMAS = { postgresql: "prisma/schema.prisma", sqlite: "prisma/sqlite/schema.prisma" } as const;

const source = read(SCHEMAS.postgresql);
const derived = deriveSqliteSchema(source);
if (read(SCHEMAS.sqlite) !== derived) writeFileSync(new URL(SCHEMAS.sqlite, root), derived);
generate("postgresql", source);
generate("sqlite", derived);

function generate(dialect: keyof typeof SCHEMAS, schema: string): void {
  const output = new URL(`src/store/generated/${dialect}/`, root);
  const stamp = new URL(".made-from", output);
  const made = createHash("sha256").update(read("node_modules/prisma/package.json")).update(schema).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === made) return;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["node_modules/prisma/build/index.js", "generate", "--schema", SCHEMAS[dialect], "--no-hints"],
    {
      cwd: fileURLToPath(root),
      encoding: "utf8",
      env: {
        ...process.env,
        CHECKPOINT_DISABLE: "1",
        PRISMA_HIDE_UPDATE_MESSAGE: "1",
        // Any file that exists keeps the CLI from downloading its schema engine, which generating doesn't use.
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      },
    },
  );
  if (status !== 0) {
    console.error(`generating the ${dialect} client failed\n${stderr}`);
    process.exit(status ?? 1);
  }
  writeFileSync(stamp, made);
}

function read(path: string): string {
  const file = new URL(path, root);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
