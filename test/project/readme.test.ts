import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { environmentShape, SECRETS } from "../../src/config/settings.ts";
import { GATEWAYS } from "../../src/gateways/registry.ts";
import { STATUS_OF } from "../../src/http/errors.ts";

const readme = readFileSync("README.md", "utf8");

/** The rows of the table whose first column has this heading, cell by cell. */
function table(heading: string): readonly (readonly string[])[] {
  const start = readme.indexOf(`\n| ${heading} |`);
  expect(start, `a table with the heading "${heading}"`).toBeGreaterThan(0);
  const rows =
    readme
      .slice(start + 1)
      .split("\n\n", 1)[0]
      ?.split("\n")
      .slice(2) ?? [];
  return rows
    .filter((row) => row.startsWith("|"))
    .map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const firstCells = (heading: string) =>
  table(heading).map(([cell = ""]) => cell.replace(/ \*$/, "").replaceAll("`", ""));

/** The members of a union of words, as the source has it. */
function union(file: string, name: string): readonly string[] {
  const source = readFileSync(file, "utf8");
  const body = new RegExp(`export type ${name} =([^;]*);`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/"([a-z_]+)"/g)].map(([, word = ""]) => word);
}

describe("the README names", () => {
  test("every setting, and marks every secret", () => {
    expect(firstCells("setting").sort()).toEqual(Object.keys(environmentShape).sort());
    const marked = table("setting").filter(([cell]) => cell?.endsWith("*"));
    expect(marked.map(([cell]) => cell?.replace(" *", "").replaceAll("`", "")).sort()).toEqual([...SECRETS].sort());
  });

  test("every answer with its status", () => {
    const rows = table("status").map(([status, word]) => [word?.replaceAll("`", ""), Number(status)]);
    expect(Object.fromEntries(rows)).toEqual(STATUS_OF);
  });

  test("every route of the API", () => {
    const files = readdirSync("src/http/api").map((file) => readFileSync(`src/http/api/${file}`, "utf8"));
    const routes = files.flatMap((text) =>
      [...text.matchAll(/resource\(app, ["`]([^"`]+)["`]/g)].map(([, path = ""]) => path),
    );
    const named = new Set(firstCells("route").map((cell) => cell.replace(/^[A-Z]+ /, "")));
    expect(routes.length).toBeGreaterThan(8);
    for (const route of routes) {
      const actions = route.includes("$" + "{action}") ? ["accept", "reject"] : [""];
      for (const action of actions) expect(named).toContain(route.replace("$" + "{action}", action));
    }
  });

  test("every status of orders, payments and notifications, and every reason to hold", () => {
    expect(firstCells("order").sort()).toEqual([...union("src/payments/state.ts", "OrderStatus")].sort());
    expect(firstCells("payment").sort()).toEqual([...union("src/payments/state.ts", "PaymentStatus")].sort());
    expect(firstCells("reason").sort()).toEqual([...union("src/payments/state.ts", "HoldReason")].sort());
    expect(firstCells("notification").sort()).toEqual([...union("src/store/common.ts", "InputState")].sort());
  });

  test("the fields in which each gateway looks for the order, in their order", () => {
    const fields = new Set(table("gateway").map(([, cell]) => cell?.replaceAll("`", "")));
    for (const { id, orderFields } of GATEWAYS) expect(fields, id).toContain(orderFields.join(", "));
  });

  test("only commands and files that exist", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    for (const [, name = ""] of readme.matchAll(/npm run (?:--silent )?([a-z:]+)/g))
      expect(Object.keys(scripts)).toContain(name);
    for (const path of [
      "scripts/start.mjs",
      ".ci/run",
      ".env.example",
      "LICENSE",
      "compose.yaml",
      "templates",
      "demo",
    ]) {
      expect(existsSync(path), path).toBe(true);
    }
  });
});
