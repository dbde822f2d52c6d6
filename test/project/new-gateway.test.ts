import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { gatewayFolders } from "../conformance/vector.ts";
import { copyTree, type Tree } from "./tree.ts";

const ID = "acme-pay-2";

function newTree(): Tree {
  const tree = copyTree(
    ...["src", "test/conformance", "templates", "scripts"],
    ...["package.json", "tsconfig.json", "biome.json"],
  );
  onTestFinished(() => tree[Symbol.dispose]());
  // The others' vectors would only be read and passed over, each time.
  for (const other of gatewayFolders()) tree.remove(`src/gateways/${other}/vectors`);
  return tree;
}

function node(tree: Tree, ...command: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: tree.folder, encoding: "utf8" });
  return { status, output: stdout + stderr };
}

const newGateway = (tree: Tree, id: string) =>
  node(tree, "node_modules/tsx/dist/cli.mjs", "scripts/new-gateway.ts", id);

/** The suite over the new gateway alone: the others run it elsewhere. */
const conformance = (tree: Tree) =>
  node(
    tree,
    ...["node_modules/vitest/vitest.mjs", "run", "test/conformance"],
    ...["-t", `^(the folders|${ID} )`, "--reporter=default"],
  );

test("a gateway made by the command is registered and passes the conformance suite at once", {
  timeout: 300_000,
}, () => {
  const tree = newTree();
  expect(newGateway(tree, ID)).toMatchObject({ status: 0, output: expect.stringContaining(`src/gateways/${ID}`) });
  expect(readFileSync(join(tree.folder, "src/gateways/registry.ts"), "utf8")).toContain("register(acmePay2)");
  const types = node(tree, "node_modules/typescript/bin/tsc", "-p", ".");
  expect(types.output.split("\n").filter((line) => line.includes(ID))).toEqual([]);
  expect(conformance(tree)).toMatchObject({ status: 0 });
});

test("the conformance suite finds a gateway that forgot what to check", { timeout: 300_000 }, () => {
  const spoiled: readonly (readonly [string, (text: string) => string, string])[] = [
    [
      "too much time",
      (text) => text.replace("TOLERANCE_SECONDS = 300", "TOLERANCE_SECONDS = 301"),
      "not a second longer",
    ],
    [
      "any signature",
      (text) => text.replace("return proven ?", "return proven || true ?"),
      "any bit of its body flipped",
    ],
    [
      "another status",
      (text) => text.replace('status: "succeeded" }]', 'status: "failed" }]'),
      "says what is expected",
    ],
    [
      "a time to come",
      (text) => text.replace("at: Math.min(Date.parse(event.created), receivedAt)", "at: receivedAt + 1"),
      "well-formed facts",
    ],
    ["forgotten folder", (text) => text.replace(`id: "${ID}"`, 'id: "other"'), "the folders and the registry"],
  ];
  const tree = newTree();
  newGateway(tree, ID);
  const file = join(tree.folder, "src/gateways", ID, "index.ts");
  const good = readFileSync(file, "utf8");
  for (const [what, spoil, expected] of spoiled) {
    expect(spoil(good), what).not.toBe(good);
    writeFileSync(file, spoil(good));
    const { status, output } = conformance(tree);
    expect(output, what).toMatch(new RegExp(`FAIL.*${expected}`));
    expect(status, what).toBe(1);
  }
});

test("an id that can't be a URL or is taken is refused, and says why", { timeout: 300_000 }, () => {
  const tree = newTree();
  for (const id of ["", "Acme", "../acme", "signing", "stripe", "a_b"]) {
    expect(newGateway(tree, id), id).toMatchObject({ status: 1, output: expect.stringContaining("Usage: npm run") });
  }
});
