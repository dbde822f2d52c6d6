import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { complete, platformOf } from "../../scripts/complete-lockfile.mjs";

const text = readFileSync("package-lock.json", "utf8");

test("the lockfile names the optional packages of every platform, as npm 11 demands", () => {
  const { packages } = JSON.parse(text);
  expect(Object.keys(complete(packages))).toEqual(Object.keys(packages));
});

test("a package that the lockfile lacks is added with its platform and its version", () => {
  const packages = {
    "node_modules/tool": { version: "1.0.0", dev: true, optionalDependencies: { "@tool/linux-x64-musl": "1.0.0" } },
  };
  expect(complete(packages)["node_modules/@tool/linux-x64-musl"]).toEqual({
    ...{ version: "1.0.0", dev: true, optional: true },
    ...{ os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  });
});

test("a name that tells no platform is not guessed", () => {
  expect(platformOf("@tool/wasm")).toBeNull();
});

test("the lockfile names no registry, so that any registry can serve it", () => {
  expect(text).not.toContain('"resolved"');
  expect(text).not.toMatch(/https?:\/\/[^"]*(registry|npm)[^"]*\.tgz/);
});

test("no version is a range: an install today and one next year are the same", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.-]+)?$/);
  }
});
