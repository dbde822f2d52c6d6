import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ADVISORIES, findAdvisories } from "../../scripts/advisories.mjs";

interface Lockfile {
  readonly packages: Record<string, { readonly version?: string; readonly hasInstallScript?: boolean }>;
}

const lockfile: Lockfile = JSON.parse(readFileSync("package-lock.json", "utf8"));

describe("known advisories", () => {
  test("concern no package that is installed here, but for those accepted with a reason", () => {
    expect(findAdvisories(lockfile).filter((found) => found.accepted === null)).toEqual([]);
  });

  test("that were accepted are still there, and their reason is still true", () => {
    const accepted = ADVISORIES.filter((advisory) => advisory.accepted !== undefined);
    const found = findAdvisories(lockfile).map((one) => one.id);
    expect(accepted.map(({ id }) => id).filter((id) => !found.includes(id))).toEqual([]);
    const packages = JSON.parse(readFileSync("package.json", "utf8"));
    expect(packages.dependencies).not.toHaveProperty("prisma");
    expect(readFileSync("Dockerfile", "utf8")).toMatch(/--omit=dev --legacy-peer-deps/);
  });

  test.each([
    ["5.12.0", true],
    ["5.12.1", true],
    ["5.12.2-rc.1", true],
    ["5.12.2", false],
    ["5.12.8", false],
    ["6.0.0", false],
  ])("are found by version: fastify %s %s", (version, isFound) => {
    expect(findAdvisories({ packages: { "node_modules/a/node_modules/fastify": { version } } }).length > 0).toBe(
      isFound,
    );
  });
});

describe("install scripts", () => {
  test("are never run, by the project's own configuration", () => {
    expect(readFileSync(".npmrc", "utf8").split("\n")).toContain("ignore-scripts=true");
    expect(readFileSync("Dockerfile", "utf8")).not.toMatch(/ignore-scripts=false|npm rebuild/);
  });

  test("are brought by three development tools alone, each of which works without", () => {
    const scripted = Object.entries(lockfile.packages)
      .filter(([path, { hasInstallScript }]) => path !== "" && hasInstallScript)
      .map(([path]) => path.split("node_modules/").at(-1));
    expect(scripted.sort()).toEqual(["@prisma/engines", "esbuild", "prisma"]);
    // None of ours either: `npm ci` in this folder runs nothing.
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|pack|publish)$/.test(name))).toEqual([]);
  });
});

// Of everything: npm 11 leaves zod out with `--omit dev`, because a development tool depends on it as well.
test("the bill of materials names every dependency of production with its version", { timeout: 60_000 }, () => {
  const out = execFileSync("npm", ["run", "--silent", "sbom"], { encoding: "utf8", maxBuffer: 64 << 20 });
  const { bomFormat, components } = JSON.parse(out);
  expect(bomFormat).toBe("CycloneDX");
  const named = components.map(
    (one: { readonly name: string; readonly version: string }) => `${one.name}@${one.version}`,
  );
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const [name, version] of Object.entries(dependencies)) expect(named).toContain(`${name}@${version}`);
});
