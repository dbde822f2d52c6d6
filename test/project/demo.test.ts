import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../end-to-end/server.ts";

/** The demo against the built service, both as a newcomer runs them: without any configuration. */

let dataDir: string;
let base: string;
let service: ChildProcess;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "paybell-demo-"));
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env.PATH, PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: "silent" };
  service = spawn(process.execPath, ["dist/main.js"], { env, stdio: "ignore" });
  await untilReady();
});

async function untilReady(): Promise<void> {
  for (const deadline = Date.now() + 25_000; Date.now() < deadline; ) {
    const answer = await fetch(`${base}/health/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the built service did not become ready: is dist/ there?");
}

afterAll(async () => {
  service.kill("SIGTERM");
  await once(service, "exit");
  rmSync(dataDir, { recursive: true, force: true });
});

function demo(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["node_modules/tsx/dist/cli.mjs", "demo/main.ts", ...args],
    {
      encoding: "utf8",
    },
  );
  return { status, output: stdout + stderr };
}

test("the demo ends as told, and again on the same service", { timeout: 120_000 }, () => {
  for (const run of [1, 2]) {
    const { status, output } = demo(base, dataDir);
    expect(output, `run ${run}`).toContain("Everything ended as told.");
    expect(output).toMatch(/POST \/ipn\/stripe.*→ 401/);
    expect(output).toMatch(/is held: amount_mismatch/);
    expect(status).toBe(0);
  }
});

test("without a service the demo says how to start one", { timeout: 60_000 }, async () => {
  const { status, output } = demo(`http://127.0.0.1:${await freePort()}`, dataDir);
  expect(output).toContain("npm start");
  expect(status).toBe(1);
});

test("without the test accounts the demo says that it needs them", { timeout: 60_000 }, () => {
  const { status, output } = demo(base, join(dataDir, "elsewhere"));
  expect(output).toContain("started without configuration");
  expect(status).toBe(1);
});
