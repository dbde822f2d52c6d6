// @ts-check
/**
 * Adds to package-lock.json the optional packages of other platforms that a registry hid when it was made. npm 11's `ci` refuses
 * a lockfile that lacks one, even where it would not install it. What is added says the version and the platforms (read from the
 * package's name, as its makers build it) and no integrity, because nobody here has seen the package: where such a platform
 * installs it, npm takes the registry's word. Run after each change of the dependencies: `npm run lockfile`.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** @typedef {{ version: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }} Entry */

const OS = new Set(["android", "darwin", "freebsd", "linux", "openharmony", "win32"]);
const CPU = new Set(["arm", "arm64", "ia32", "ppc64", "riscv64", "s390x", "x64"]);
const LIBC = new Map([
  ["gnu", "glibc"],
  ["gnueabihf", "glibc"],
  ["musl", "musl"],
  ["musleabihf", "musl"],
]);

/**
 * What a package of one platform says of it, read from its name: `@oxc-parser/binding-linux-arm-musleabihf`. Null when the name says nothing.
 * @param {string} name
 */
export function platformOf(name) {
  const words = (name.split("/").at(-1) ?? "").split("-");
  const os = words.find((word) => OS.has(word));
  const cpu = words.find((word) => CPU.has(word));
  if (os === undefined || cpu === undefined) return null;
  const libc = words.map((word) => LIBC.get(word)).find((word) => word !== undefined);
  return { cpu: [cpu], ...(libc === undefined || os !== "linux" ? {} : { libc: [libc] }), os: [os] };
}

/**
 * The lockfile's packages with what they lack, sorted as npm sorts them.
 * @param {Record<string, Entry>} packages
 */
export function complete(packages) {
  const completed = { ...packages };
  for (const entry of Object.values(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))) continue;
      const platform = platformOf(name);
      if (platform === null) throw new Error(`${name} is missing, and its name does not say for which platform it is.`);
      completed[`node_modules/${name}`] = { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true };
    }
  }
  return Object.fromEntries(Object.entries(completed).sort(([a], [b]) => a.localeCompare(b, "en")));
}

if (process.argv[1] === import.meta.filename) {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const before = Object.keys(lock.packages).length;
  lock.packages = complete(lock.packages);
  writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`${Object.keys(lock.packages).length - before} packages of other platforms added.`);
}
