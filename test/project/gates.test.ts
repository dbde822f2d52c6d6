import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, onTestFinished, test } from "vitest";
import { GATES, runGate } from "../../scripts/gates.ts";
import { copyTree, type Tree } from "./tree.ts";

/** Each gate is shown what it is there to refuse: a gate that never was red is decoration. */

const CONFIGURATION = ["package.json", "tsconfig.json", "biome.json", ".dependency-cruiser.cjs", "knip.jsonc"];

function spoiltTree(files: Readonly<Record<string, string>>): Tree {
  const tree = copyTree(...CONFIGURATION);
  onTestFinished(() => tree[Symbol.dispose]());
  for (const [path, text] of Object.entries({ "src/main.ts": "", "demo/main.ts": "", "bench/main.ts": "", ...files }))
    tree.write(path, text);
  return tree;
}

async function gateOn(tree: Tree, name: string): Promise<{ readonly passed: boolean; readonly output: string }> {
  const gate = GATES.find((each) => each.name === name);
  if (!gate) throw new Error(`no gate is called ${name}`);
  return runGate(gate, tree.folder);
}

const imports = (...paths: readonly string[]) => paths.map((path) => `import "${path}";`).join("\n");

test("boundaries: every rule of the layout refuses what it is there for", async () => {
  const tree = spoiltTree({
    "src/main.ts": imports("./app.ts"),
    "src/app.ts": imports("./http/edge.ts"),
    "src/config/config.ts": imports(
      "vitest",
      "pg",
      "fastify",
      "undici",
      "stripe",
      "prom-client",
      "pdfkit",
      "../documents/render.ts",
      "nodemailer",
      "../store/open.ts",
      "../main.ts",
    ),
    "src/http/edge.ts": imports("../config/config.ts", "../app.ts", "../start/banner.ts", "../applying/thread.ts"),
    "src/applying/thread.ts": imports("node:fs"),
    "src/start/banner.ts": imports("node:fs"),
    "src/outbox/send.ts": imports("../pipeline/apply.ts"),
    "src/payments/clock.ts": imports("node:fs"),
    "src/gateways/registry.ts": imports("../pipeline/apply.ts"),
    "src/gateways/one/index.ts": imports("../two/index.ts"),
    "src/gateways/two/index.ts": imports("node:crypto"),
    "src/pipeline/apply.ts": imports("../gateways/one/index.ts", "./nothing.ts", "../../test/fake.ts"),
    "src/pipeline/egg.ts": 'export type { Hen } from "./hen.ts"; export interface Egg {}',
    "src/pipeline/hen.ts": 'export type { Egg } from "./egg.ts"; export interface Hen {}',
    "src/pipeline/lonely.ts": "export const nobody = 1;",
    "src/documents/render.ts": imports("../http/edge.ts"),
    "src/books/csv.ts": imports("../http/edge.ts"),
    "src/outbox/feed.ts": imports("../pipeline/apply.ts"),
    "src/store/open.ts": imports("../config/config.ts"),
    "test/fake.ts": "",
    "bench/load/generator.ts": imports("../../src/config/config.ts"),
  });
  const { passed, output } = await gateOn(tree, "boundaries");
  // Proven: the configuration is ours, and every rule in it has a name.
  const { forbidden } = createRequire(import.meta.url)("../../.dependency-cruiser.cjs") as {
    forbidden: { name: string }[];
  };
  expect(passed).toBe(false);
  expect(forbidden.length).toBeGreaterThan(15);
  for (const { name } of forbidden) expect(output).toContain(`error ${name}:`);
});

test("boundaries: a type import against the stream is one as well", async () => {
  const tree = spoiltTree({
    "src/payments/fold.ts": 'import type { Store } from "../store/store.ts"; export type Mine = Store;',
    "src/store/store.ts": "export interface Store {}",
  });
  expect(await gateOn(tree, "boundaries")).toMatchObject({
    passed: false,
    output: expect.stringContaining("payments-are-pure"),
  });
});

test("format and lint: every rule that the configuration names refuses its example", async () => {
  const tree = spoiltTree({
    "src/misformatted.ts": "export const  a = 'single'",
    "src/bad.ts": `import process from "node:process";
import { Unused } from "fs";
import { Money } from "./money.ts";
export enum Kind { One }
export namespace Space { export const a = 1; }
export class Point { private y = 2; constructor(readonly x: number) {} sum() { return this.x + this.y; } }
export async function go(kind: "x" | "y", value: any, money: Money): Promise<number> {
  const forgotten = 1;
  go(kind, value, money);
  [1].forEach(async () => { await go(kind, value, money); });
  // @ts-ignore
  console.log(process.env.FOO);
  let evolving; evolving = 1;
  await 5;
  switch (kind) { case "x": process.exit(1); }
  try { return value!.length + evolving; } catch (error) { throw new Error("lost"); }
}
export const rejected = new Promise((_, reject) => reject("text"));
export default go;
`,
    "src/money.ts": "export interface Money { readonly amount: bigint }\n",
  });
  const { passed, output } = await gateOn(tree, "format and lint");
  expect(passed).toBe(false);
  for (const rule of namedRules()) expect(output).toMatch(new RegExp(`lint/${rule}\\b`));
  expect(output).toContain("src/misformatted.ts format");
});

function namedRules(): readonly string[] {
  const { rules } = JSON.parse(readFileSync("biome.json", "utf8")).linter;
  return Object.entries<object>(rules)
    .filter(([group]) => group !== "preset")
    .flatMap(([group, named]) => Object.keys(named).map((rule) => `${group}/${rule}`));
}

test("types: every strict option refuses its example", async () => {
  const tree = spoiltTree({
    "src/bad.ts": `import { Money } from "./money.ts";
export const first: string = ["a"][0];
export const given: { a?: string } = { a: undefined };
export class Base { go() {} }
export class Derived extends Base { go() {} }
export function half(a: boolean): number | undefined { if (a) return 1; }
export function fall(a: number): number { switch (a) { case 1: a++; case 2: return 2; default: return 3; } }
export enum Kind { One }
export const missing: Money | null = nothing;
export const without = import("./money");
`,
    "src/money.ts": "export interface Money { readonly amount: bigint }\n",
  });
  const { passed, output } = await gateOn(tree, "types");
  expect(passed).toBe(false);
  // In the order of the lines above: verbatimModuleSyntax, noUncheckedIndexedAccess, exactOptionalPropertyTypes,
  // noImplicitOverride, noImplicitReturns, noFallthroughCasesInSwitch, erasableSyntaxOnly, strict, nodenext.
  for (const code of [1484, 2322, 2375, 4114, 7030, 7029, 1294, 2304, 2835])
    expect(output).toContain(`error TS${code}`);
});

test("dead code: a forgotten file, export and dependency are refused", async () => {
  const tree = spoiltTree({
    "src/main.ts": 'import { used } from "./part.ts"; used();',
    "src/part.ts": "export function used() {} export function unused() {}",
    "src/forgotten.ts": "export const a = 1;",
  });
  const { passed, output } = await gateOn(tree, "dead code");
  expect(passed).toBe(false);
  expect(output).toMatch(/Unused files[\s\S]*src\/forgotten\.ts/);
  expect(output).toMatch(/Unused exports[\s\S]*unused/);
  expect(output).toMatch(/Unused dependencies[\s\S]*zod/);
});
