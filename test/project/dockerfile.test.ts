import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readPdf } from "../documents/pdf-text.ts";
import { post, signStripe, stripeSale } from "../end-to-end/senders.ts";
import { eventually, freePort } from "../end-to-end/server.ts";
import { attachedPdf, startMailServer } from "../outbox/mail/mail-server.ts";
import { build, type Image, inside, readDockerfile } from "./dockerfile.ts";

const stages = readDockerfile(readFileSync("Dockerfile", "utf8"));
const last = stages.at(-1);
const lines = (instruction: string) =>
  last?.steps.filter((step) => step.instruction === instruction).map((step) => step.rest) ?? [];

test("the image is Node 24 slim, runs without root and in exec form", () => {
  expect(stages.map((stage) => stage.base)).toEqual(stages.map(() => "node:24-slim"));
  expect(Number(lines("USER")[0]?.split(":")[0])).toBeGreaterThanOrEqual(10_000);
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  const [heapOptions] = /(?<=^node ).+(?= scripts\/start\.mjs$)/.exec(scripts.start) ?? [""];
  const command: string[] = JSON.parse(lines("CMD")[0] ?? "");
  expect(command.join(" ")).toBe(`node --enable-source-maps ${heapOptions} dist/main.js`);
  expect(readFileSync("README.md", "utf8")).toContain(`\`${command.join(" ")}\``);
  expect(lines("RUN"), "whatever runs in the last stage needs tools that the image should not have").toEqual([]);
});

describe("the Dockerfile's steps, run in an empty folder", () => {
  let work: string;
  let image: Image;

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), "paybell-image-"));
    const context = join(work, "context");
    for (const path of allowed())
      cpSync(path, join(context, path), { recursive: true, filter: (file) => !ignored(file) });
    image = build(stages, context, work);
  }, 300_000);

  afterAll(() => {
    rmSync(work, { recursive: true, force: true });
  }, 60_000);

  test("leave out the compiler, the tests' tools and Prisma's command line", () => {
    const modules = inside(image, "node_modules");
    for (const name of ["typescript", "vitest", "prisma", "@prisma/engines", "@biomejs/biome", "tsx"]) {
      expect(existsSync(join(modules, name)), name).toBe(false);
    }
    expect(existsSync(inside(image, "src"))).toBe(false);
  });

  test("make a service that lives, is found healthy, writes to /data alone and ends with 0 on SIGTERM", {
    timeout: 60_000,
  }, async () => {
    const before = filesOf(inside(image, "/app"));
    const environment = await productionEnvironment();
    const { service, output } = run(environment);
    try {
      await expect.poll(() => healthcheck(environment), { timeout: 15_000, message: output.join("") }).toBe(0);
      expect(readdirSync(inside(image, "/data"))).toContain("paybell.db");
      expect(filesOf(inside(image, "/app"))).toEqual(before);
      service.kill("SIGTERM");
      const [code] = await once(service, "exit");
      expect(code, output.join("")).toBe(0);
      expect(healthcheck(environment)).toBe(1);
    } finally {
      service.kill("SIGKILL");
    }
  });

  test("make a service that writes a receipt and mails it: texts, fonts and libraries are there", {
    timeout: 60_000,
  }, async () => {
    const mail = await startMailServer();
    const own = await productionEnvironment();
    const environment = { ...own, STRIPE_MODE: "test", SMTP_URL: mail.url, MAIL_FROM: "shop@shop.example" };
    const { service, output } = run(environment);
    try {
      await expect.poll(() => healthcheck(environment), { timeout: 15_000, message: output.join("") }).toBe(0);
      const url = `http://127.0.0.1:${own.PORT}`;
      // It lives before its database is open, and asks its senders to come again until then.
      await eventually(async () => (await fetch(`${url}/health/ready`)).status === 200, 15_000);
      const headers = { authorization: `Bearer ${own.API_TOKEN}`, "content-type": "application/json" };
      const order = { reference: "5001", currency: "USD", total: 1999, customer: { email: "ann@example.com" } };
      await fetch(`${url}/v1/orders`, { method: "POST", headers, body: JSON.stringify(order) });
      for (const event of stripeSale({ reference: "5001", amount: 1999 }).slice(-1)) {
        await post(`${url}/ipn/stripe`, event, signStripe(event, own.STRIPE_WEBHOOK_SECRET));
      }
      const sent = await eventually(async () => mail.received[0]);
      expect(sent.email.subject).toBe("[Test] Your order 5001 is paid");
      const receipt = await fetch(`${url}/v1/orders/5001/receipt.pdf`, { headers });
      const bytes = new Uint8Array(await receipt.arrayBuffer());
      expect(attachedPdf(sent)).toEqual(bytes);
      expect((await readPdf(bytes)).text).toContain("Total paid $19.99");
    } finally {
      service.kill("SIGKILL");
      await mail.close();
    }
  });

  test("make a service that refuses to run in production with what is no secret, and says each", async () => {
    const { API_TOKEN: _, ...rest } = await productionEnvironment();
    const bare = { ...rest, STRIPE_WEBHOOK_SECRET: "whsec_change_me_please" };
    const { status, stdout, stderr } = spawnSync(process.execPath, image.command.slice(1), {
      cwd: inside(image, "."),
      env: bare,
      encoding: "utf8",
      timeout: 15_000,
    });
    expect(status, stdout + stderr).toBe(1);
    expect(stdout + stderr).toContain("API_TOKEN");
    expect(stdout + stderr).toContain("STRIPE_WEBHOOK_SECRET");
  });

  function run(env: NodeJS.ProcessEnv): { readonly service: ChildProcess; readonly output: readonly string[] } {
    const service = spawn(process.execPath, image.command.slice(1), {
      cwd: inside(image, "."),
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { service, output: collect(service) };
  }

  function healthcheck(env: NodeJS.ProcessEnv): number | null {
    return spawnSync(process.execPath, image.healthcheck.slice(1), { cwd: inside(image, "."), env, timeout: 10_000 })
      .status;
  }

  /** What an operator sets, on top of what the image says; the image's /data is a folder here. */
  async function productionEnvironment(): Promise<Readonly<Record<string, string>>> {
    return {
      ...image.env,
      DATA_DIR: inside(image, image.env.DATA_DIR ?? ""),
      HOST: "127.0.0.1",
      PORT: String(await freePort()),
      API_TOKEN: "q8Zr4Tn2Vb7Xk1Lm9Wp3Sd6Fg5",
      STRIPE_WEBHOOK_SECRET: "whsec_q8Zr4Tn2Vb7Xk1Lm9Wp3Sd6Fg5",
    };
  }
});

/** The names that .dockerignore lets in again; all others stay out. */
function allowed(): readonly string[] {
  return ignoreLines()
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
}

function ignored(file: string): boolean {
  return ignoreLines().some((line) => line !== "*" && !line.startsWith("!") && file === line);
}

function ignoreLines(): readonly string[] {
  return readFileSync(".dockerignore", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Every file with its size and time of change. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${name} ${statSync(join(folder, name)).size} ${statSync(join(folder, name)).mtimeMs}`)
    .sort();
}

function collect(child: ChildProcess): string[] {
  const output: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk.toString()));
  return output;
}
