import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../end-to-end/server.ts";

test("what the service writes is its owner's alone, even in a folder that everybody may read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "paybell-files-"));
  chmodSync(folder, 0o755);
  const server = await startServer({ databaseUrl: `file:${join(folder, "paybell.db")}` });
  const modes = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o077]);
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(modes.length).toBeGreaterThan(0);
  expect(modes.filter(([, others]) => others !== 0)).toEqual([]);
});
