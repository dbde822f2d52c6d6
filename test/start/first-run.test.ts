import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openChannels } from "../../src/channels.ts";
import { readConfig } from "../../src/config/config.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { hashToken } from "../../src/http/api/bearer.ts";
import { ensureApiToken, startFirstRun, type TestAccounts } from "../../src/start/first-run.ts";

const now = () => new Date("2026-01-05T10:00:00Z");

let folder: string;
let dataDir: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "paybell-"));
  dataDir = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;
const kept = (): TestAccounts => JSON.parse(readFileSync(join(dataDir, "test-accounts.json"), "utf8"));

describe("test accounts", () => {
  test("are made once, for their owner's eyes, and every gateway takes them", async () => {
    const first = await startFirstRun(dataDir, now);
    await first.standIn.close();
    const made = kept();
    expect([modeOf(dataDir), modeOf(first.path)]).toEqual([0o700, 0o600]);
    const second = await startFirstRun(dataDir, now);
    expect(kept()).toEqual(made);
    const channels = openChannels({
      gateways: GATEWAYS,
      accounts: second.accounts,
      version: "0",
      loopbackHttp: true,
      now,
    });
    expect(channels.problems).toEqual([]);
    expect([...channels.byName.keys()].sort()).toEqual(GATEWAYS.map(({ id }) => `${id}/default`).sort());
    await channels.close();
    await second.standIn.close();
  });

  test("the stand-in takes another port when its own is taken, and the file says which", async () => {
    const first = await startFirstRun(dataDir, now);
    const { port } = kept().standIn;
    await first.standIn.close();
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(port, "127.0.0.1", resolve));
    const second = await startFirstRun(dataDir, now);
    expect(kept().standIn.port).not.toBe(port);
    expect(kept().standIn.certUrl).toBe(second.standIn.certUrl);
    await second.standIn.close();
    await new Promise((resolve) => thief.close(resolve));
  });

  test("production refuses what was generated here", async () => {
    const { standIn } = await startFirstRun(dataDir, now);
    await standIn.close();
    const { stripe, paypal } = kept();
    const variables = {
      NODE_ENV: "production",
      STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
      PAYPAL_WEBHOOK_ID: paypal.webhookId,
    };
    const answer = readConfig(variables, { read: () => ({ text: "", mode: 0 }) });
    const problems = answer.ok ? "" : answer.problems.join("\n");
    expect(problems).toContain("STRIPE_WEBHOOK_SECRET is a generated test secret");
    expect(problems).toContain("PAYPAL_WEBHOOK_ID is a generated test secret");
  });
});

describe("the API token", () => {
  /** A database of one token. */
  function tokensOf(first: string | null = null) {
    const state = { hash: first };
    return {
      state,
      putFirst: async (hash: string) => {
        const isFirst = state.hash === null;
        state.hash ??= hash;
        return isFirst;
      },
      replaceAll: async (hash: string) => {
        state.hash = hash;
      },
    };
  }
  const ensure = (tokens: ReturnType<typeof tokensOf>, given: string | null = null) =>
    ensureApiToken({ given, dataDir, tokens, hash: hashToken });

  test("is shown when it is made, kept in a file of its owner, and afterwards only its place is told", async () => {
    const tokens = tokensOf();
    const first = await ensure(tokens);
    expect(first.made).toMatch(/^pbt_[A-Za-z0-9_-]{43}$/);
    const path = join(dataDir, "api-token");
    expect([first.path, modeOf(path), readFileSync(path, "utf8")]).toEqual([path, 0o600, `${first.made}\n`]);
    expect(tokens.state.hash).toBe(hashToken(first.made ?? ""));
    expect(await ensure(tokens)).toEqual({ made: null, path });
  });

  test("a new database takes the token that the file still has", async () => {
    const { made } = await ensure(tokensOf());
    const fresh = tokensOf();
    expect((await ensure(fresh)).made).toBeNull();
    expect(fresh.state.hash).toBe(hashToken(made ?? ""));
  });

  test("where the database has a token that is not known here, none is invented", async () => {
    const tokens = tokensOf(hashToken("somebody else's"));
    expect(await ensure(tokens)).toEqual({ made: null, path: null });
    expect(() => statSync(join(dataDir, "api-token"))).toThrow();
  });

  test("the one of the environment replaces all others, and is never written or shown", async () => {
    const tokens = tokensOf(hashToken("an older one"));
    expect(await ensure(tokens, "3vYk1cQ8s7Jr2Lw9Zb5Nf0Hx")).toEqual({ made: null, path: null });
    expect(tokens.state.hash).toBe(hashToken("3vYk1cQ8s7Jr2Lw9Zb5Nf0Hx"));
    expect(() => statSync(join(dataDir, "api-token"))).toThrow();
  });
});
