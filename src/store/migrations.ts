import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { PROJECT } from "../project.ts";
import type { Dialect } from "./dialect.ts";

/** One migration as it lies in prisma/migrations/<dialect>/<name>/migration.sql. */
export interface Migration {
  /** `<YYYYMMDDhhmmss>_<what>`: their order. */
  readonly name: string;
  readonly sql: string;
  /** As Prisma computes it. */
  readonly checksum: string;
}

const FOLDER = new URL("prisma/migrations/", PROJECT);

export function readMigrations(dialect: Dialect["name"]): readonly Migration[] {
  const folder = new URL(`${dialect}/`, FOLDER);
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => readMigration(entry.name, new URL(`${entry.name}/migration.sql`, folder)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readMigration(name: string, file: URL): Migration {
  // A checkout may have turned the line ends; what was applied must stay the same migration.
  const sql = readFileSync(file, "utf8").replaceAll("\r\n", "\n");
  return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
}
