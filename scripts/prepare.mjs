// @ts-check
/**
 * Makes what is not in the repository: the database clients (src/store/generated) and the built service (dist). npm runs no
 * install scripts here (.npmrc), so whoever needs them calls this first. Quick when nothing changed: it compares hashes.
 * Plain JavaScript without dependencies, because it also runs where development dependencies are not installed.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** @typedef {{ name: string, inputs: string[], output: string, stamp: string, run: () => void }} Step */

/** @type {Step} */
const generate = {
  name: "database clients",
  inputs: ["prisma/schema.prisma", "scripts/generate.ts", "scripts/derive-sqlite-schema.ts", "package-lock.json"],
  output: "src/store/generated",
  stamp: "src/store/generated/.made-from",
  run: () => node("node_modules/tsx/dist/cli.mjs", "scripts/generate.ts"),
};

/** @type {Step} */
const build = {
  name: "service",
  inputs: ["src", "prisma/schema.prisma", "scripts/bundle.mjs", "tsconfig.json", "package-lock.json"],
  output: "dist",
  stamp: "dist/.made-from",
  run: () => node("scripts/bundle.mjs"),
};

/**
 * Generates and builds what is missing or stale.
 * @param {{ build: boolean, force?: boolean }} wanted
 */
export function prepare(wanted) {
  for (const step of wanted.build ? [generate, build] : [generate]) {
    const fingerprint = fingerprintOf(step.inputs);
    if (!wanted.force && isFresh(step, fingerprint)) continue;
    const startedAt = performance.now();
    process.stderr.write(`Making the ${step.name} …`);
    step.run();
    mkdirSync(dirname(join(root, step.stamp)), { recursive: true });
    writeFileSync(join(root, step.stamp), fingerprint);
    process.stderr.write(` done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.\n`);
  }
}

/**
 * @param {Step} step
 * @param {string} fingerprint
 */
function isFresh(step, fingerprint) {
  const stamp = join(root, step.stamp);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === fingerprint;
}

/** Hash of paths and contents: a checkout changes times, so times say nothing. @param {string[]} inputs */
function fingerprintOf(inputs) {
  const hash = createHash("sha256").update(process.version);
  for (const file of inputs.flatMap((input) => filesUnder(input))) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** @param {string} path @returns {string[]} */
function filesUnder(path) {
  if (path === generate.output || !existsSync(join(root, path))) return [];
  if (statSync(join(root, path)).isFile()) return [path];
  return readdirSync(join(root, path))
    .sort()
    .flatMap((name) => filesUnder(`${path}/${name}`));
}

/** @param {string[]} command */
function node(...command) {
  const [script = ""] = command;
  if (!existsSync(join(root, script))) {
    throw new Error(`${script} is missing. Run "npm ci" first, with development dependencies.`);
  }
  const { status, stdout } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`"node ${command.join(" ")}" failed:\n${stdout}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  prepare({ build: !process.argv.includes("--clients"), force: process.argv.includes("--force") });
}
