import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gatewayFolders } from "../conformance/vector.ts";
import { copyTree, type Tree } from "./tree.ts";

const ID = "acme-pay-2";

/** Gateways that forgot something, by what they forgot: what makes each of them out of a good one, and the test that finds it. */
const SPOILED: readonly (readonly [string, (text: string) => string, RegExp])[] = [
  [
    "too-much-time",
    (text) => text.replace("TOLERANCE_SECONDS = 300", "TOLERANCE_SECONDS = 301"),
    /^too-much-time .*not a second longer/,
  ],
  [
    "any-signature",
    (text) => text.replace("return proven ?", "return proven || true ?"),
    /^any-signature .*any bit of its body flipped/,
  ],
  [
    "another-status",
    (text) => text.replace('status: "succeeded" }]', 'status: "failed" }]'),
    /^another-status .*says what is expected/,
  ],
  [
    "a-time-to-come",
    (text) => text.replace("at: Math.min(Date.parse(event.created), receivedAt)", "at: receivedAt + 1"),
    /^a-time-to-come .*well-formed facts/,
  ],
  [
    "forgotten-folder",
    (text) => text.replace('id: "forgotten-folder"', 'id: "other"'),
    /^the folders and the registry/,
  ],
];

describe("a gateway made by the command", () => {
  let tree: Tree;
  const node = (...command: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: tree.folder, encoding: "utf8" });
    return { status, stdout, output: stdout + stderr };
  };
  const newGateway = (id: string) => node("node_modules/tsx/dist/cli.mjs", "scripts/new-gateway.ts", id);
  /** Names of the conformance suite's tests that failed, of how many. */
  const conformance = () => {
    const names = [ID, ...SPOILED.map(([id]) => id)].join("|");
    const { stdout, output } = node(
      ...["node_modules/vitest/vitest.mjs", "run", "test/conformance"],
      ...["-t", `^(the folders|(${names}) )`, "--reporter=json"],
    );
    expect(stdout, output).toMatch(/^\{/);
    const tests: readonly { readonly fullName: string; readonly status: string }[] = JSON.parse(
      stdout,
    ).testResults.flatMap(({ assertionResults }: { readonly assertionResults: unknown }) => assertionResults);
    const namesOf = (status: string) => tests.filter((one) => one.status === status).map(({ fullName }) => fullName);
    return { failed: namesOf("failed"), passed: namesOf("passed") };
  };

  beforeAll(() => {
    tree = copyTree(
      ...["src", "test/conformance", "test/quick.ts", "templates", "scripts"],
      ...["package.json", "tsconfig.json", "biome.json"],
    );
    // The others' vectors would only be read and passed over.
    for (const other of gatewayFolders()) tree.remove(`src/gateways/${other}/vectors`);
  });

  afterAll(() => tree[Symbol.dispose]());

  test("has to have an id that can be a URL and is free, or it is refused, and says why", { timeout: 120_000 }, () => {
    for (const id of ["", "Acme", "../acme", "signing", "stripe", "a_b"]) {
      expect(newGateway(id), id).toMatchObject({ status: 1, output: expect.stringContaining("Usage: npm run") });
    }
  });

  test("is registered and passes the conformance suite at once, which finds each that forgot what to check", {
    timeout: 300_000,
  }, () => {
    expect(newGateway(ID)).toMatchObject({ status: 0, output: expect.stringContaining(`src/gateways/${ID}`) });
    expect(readFileSync(join(tree.folder, "src/gateways/registry.ts"), "utf8")).toContain("register(acmePay2)");

    for (const [id, spoil] of SPOILED) {
      expect(newGateway(id), id).toMatchObject({ status: 0 });
      const file = join(tree.folder, "src/gateways", id, "index.ts");
      const good = readFileSync(file, "utf8");
      expect(spoil(good), id).not.toBe(good);
      writeFileSync(file, spoil(good));
    }
    const { failed, passed } = conformance();
    const isGood = (name: string) => name.startsWith(`${ID} `);
    expect(failed.filter(isGood)).toEqual([]);
    expect(passed.filter(isGood).length).toBeGreaterThan(10);
    for (const [id, , found] of SPOILED) expect(failed, id).toContainEqual(expect.stringMatching(found));
  });
});
