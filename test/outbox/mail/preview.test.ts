import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMailServer } from "./mail-server.ts";

const CLI = join(import.meta.dirname, "../../../dist/paybell.js");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "paybell-preview-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function preview(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ status: number; output: string }>((resolve) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH ?? "", ...env } };
    execFile(process.execPath, [CLI, "mail-preview", ...args], options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

test("every mail is written in every language, to be looked at", async () => {
  expect(await preview(["--out", "shown"])).toEqual({ status: 0, output: "26 messages as .html and .txt in shown\n" });
  const names = readdirSync(join(folder, "shown/de")).sort();
  expect(names).toHaveLength(26);
  expect(names).toContain("order-paid.html");
  expect(readFileSync(join(folder, "shown/en/order-paid.txt"), "utf8")).toContain(
    "Subject: [Test] Your order 1001 is paid",
  );
});

test("every mail is sent to one's own address, in the merchant's own words", async () => {
  const server = await startMailServer();
  mkdirSync(join(folder, "own/en"), { recursive: true });
  writeFileSync(join(folder, "own/en/order-paid.txt"), "Subject: Own words\n\nThanks");
  const env = { SMTP_URL: server.url, MAIL_FROM: "shop@example.com", MAIL_TEMPLATES: "own" };
  const { status, output } = await preview(["--send", "ann@example.com"], env);
  await server.close();
  expect([status, output]).toEqual([0, "26 messages as .html and .txt in mail-preview\n"]);
  expect(server.received.map(({ to }) => to)).toEqual(Array.from({ length: 26 }, () => ["ann@example.com"]));
  expect(server.received.map(({ email }) => email.subject)).toContain("Own words");
});

test("a mistake in a template names file and line, and nothing is written", async () => {
  mkdirSync(join(folder, "own/en"), { recursive: true });
  writeFileSync(join(folder, "own/en/order-paid.txt"), "Subject: Own words\n\n{{#test}}");
  const { status, output } = await preview([], { MAIL_TEMPLATES: "own" });
  expect(status).toBe(1);
  expect(output).toContain('own/en/order-paid.txt:3: Unclosed section "test"');
  expect(readdirSync(folder)).toEqual(["own"]);
});

test.each([
  [["--nonsense"], {}, "--nonsense"],
  [["--send", "nobody"], {}, "--send needs an e-mail address"],
  [["--send", "ann@example.com"], {}, "--send needs SMTP_URL and MAIL_FROM"],
  [[], { SMTP_URL: "gopher://x" }, "SMTP_URL is neither"],
])("%j with %j could not be done", async (args, env, why) => {
  const { status, output } = await preview(args, env);
  expect([status, output]).toEqual([2, expect.stringContaining(why)]);
});
