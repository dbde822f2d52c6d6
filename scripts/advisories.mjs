// @ts-check
/**
 * Checks package-lock.json against the advisories that we know, by name and version, without a network: an audit endpoint may
 * be out of reach where this is built. The list is what concerns packages that we install; it is read from GitHub's advisories
 * and from the packages' own repositories, and it is no substitute for `npm audit` before a release (SECURITY.md).
 * Run: `node scripts/advisories.mjs`. Exit status 1 where something is found that is not accepted below.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/**
 * `ranges`: from the first version that has it to the first that has not. `accepted`: why we live with it, for as long as the
 * version is exactly `version`.
 * @typedef {{ name: string, id: string, ranges: readonly (readonly [string, string])[], accepted?: { version: string, because: string } }} Advisory
 */

const ONLY_CLI =
  "only Prisma's command line brings it, which generates the clients at build time; the image leaves it out";

/** @type {readonly Advisory[]} */
export const ADVISORIES = [
  { name: "fastify", id: "GHSA-mg2h-6x62-wpwc CVE-2025-32442", ranges: [["5.0.0", "5.3.2"]] },
  { name: "fastify", id: "GHSA-jx2c-rxcm-jvmq CVE-2026-25223", ranges: [["0.0.0", "5.7.2"]] },
  { name: "fastify", id: "GHSA-mrq3-vjjr-p77c CVE-2026-25224", ranges: [["0.0.0", "5.7.3"]] },
  { name: "fastify", id: "GHSA-573f-x89g-hqp9 CVE-2026-3419", ranges: [["0.0.0", "5.8.1"]] },
  { name: "fastify", id: "GHSA-444r-cwp2-x5xf CVE-2026-3635", ranges: [["0.0.0", "5.8.3"]] },
  { name: "fastify", id: "GHSA-247c-9743-5963 CVE-2026-33806", ranges: [["5.3.2", "5.8.5"]] },
  { name: "fastify", id: "GHSA-w2qp-rph6-63g4", ranges: [["0.0.0", "5.12.1"]] },
  { name: "fastify", id: "the release notes of 5.12.2, four of high severity", ranges: [["0.0.0", "5.12.2"]] },
  { name: "find-my-way", id: "GHSA-c96f-x56v-gq3h CVE-2026-47219", ranges: [["0.0.0", "9.7.0"]] },
  {
    name: "fast-uri",
    id: "GHSA-v39h-62p7-jpjc, GHSA-q3j6-qgpj-74h6",
    ranges: [
      ["0.0.0", "2.4.1"],
      ["3.0.0", "3.1.2"],
    ],
  },
  {
    name: "fast-uri",
    id: "CVE-2026-13676",
    ranges: [
      ["0.0.0", "2.4.2"],
      ["3.0.0", "3.1.3"],
      ["4.0.0", "4.0.1"],
    ],
  },
  {
    name: "fast-uri",
    id: "GHSA-7p8r-x3mc-p8w7",
    ranges: [
      ["3.0.0", "3.1.5"],
      ["4.0.0", "4.1.2"],
    ],
  },
  {
    name: "fast-uri",
    id: "GHSA-jqff-g426-hqxp, GHSA-f65p-4m7j-42xc, GHSA-4c8g-83qw-93j6",
    ranges: [["3.0.0", "3.1.6"]],
  },
  { name: "fast-uri", id: "GHSA-qw65-cvwx-89v3 CVE-2026-84292", ranges: [["3.0.0", "3.1.7"]] },
  {
    name: "undici",
    id: "GHSA-vmh5-mc38-953g CVE-2026-9697",
    ranges: [
      ["7.23.0", "7.28.0"],
      ["8.0.0", "8.5.0"],
    ],
  },
  {
    name: "undici",
    id: "GHSA-pr7r-676h-xcf6 CVE-2026-9678",
    ranges: [
      ["7.0.0", "7.28.0"],
      ["8.0.0", "8.5.0"],
    ],
  },
  {
    name: "undici",
    id: "GHSA-4cwx-7wf7-3272 CVE-2026-13697",
    ranges: [
      ["7.0.0", "7.29.0"],
      ["8.0.0", "8.9.0"],
    ],
  },
  { name: "undici", id: "GHSA-8xcm-r25x-g524 CVE-2026-16728, -14643, -15157, -16729", ranges: [["7.0.0", "7.29.0"]] },
  { name: "nodemailer", id: "CVE-2025-14874, CVE-2026-82853, -82854, -90776", ranges: [["0.0.0", "10.0.5"]] },
  {
    name: "vite",
    id: "GHSA-fx2h-pf6j-xcff CVE-2026-53571, -53632",
    ranges: [
      ["7.0.0", "7.3.5"],
      ["8.0.0", "8.0.16"],
    ],
  },
  { name: "esbuild", id: "GHSA-gv7w-rqvm-qjhr", ranges: [["0.0.0", "0.28.1"]] },
  {
    name: "mysql2",
    id: "GHSA-3f6p-5ww8-9rcr (clear-text password), GHSA-rgwj-5xj2-c3m3 (unbounded inflate)",
    ranges: [["0.0.0", "3.23.1"]],
    accepted: { version: "3.15.3", because: `${ONLY_CLI}, and only for a MySQL server, of which there is none` },
  },
  {
    name: "deepmerge-ts",
    id: "GHSA-ggr8-5vv4-36mx (stack exhaustion)",
    ranges: [["0.0.0", "8.0.0"]],
    accepted: { version: "7.1.5", because: `${ONLY_CLI}, and what it merges is our own configuration` },
  },
];

/**
 * Everything in the lockfile that an advisory names.
 * @param {{ packages: Record<string, { version?: string }> }} lockfile
 * @param {readonly Advisory[]} [advisories]
 */
export function findAdvisories(lockfile, advisories = ADVISORIES) {
  return Object.entries(lockfile.packages).flatMap(([path, { version }]) => {
    const name = path.split("node_modules/").at(-1);
    return advisories
      .filter(
        (one) => one.name === name && version !== undefined && one.ranges.some((range) => isWithin(version, range)),
      )
      .map(({ id, accepted }) => ({
        package: `${name}@${version}`,
        id,
        accepted: accepted !== undefined && accepted.version === version ? accepted.because : null,
      }));
  });
}

/**
 * @param {string} version
 * @param {readonly [string, string]} range
 */
function isWithin(version, [first, fixed]) {
  return compare(version, first) >= 0 && compare(version, fixed) < 0;
}

/**
 * A prerelease counts as its release's predecessor (semver 2.0.0 §11.3); two of them as equal, so a fix in one is not believed.
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  const [left, right] = [a, b].map((text) => (text.split(/[-+]/)[0] ?? "").split(".").map(Number));
  const at = [0, 1, 2].find((place) => left?.[place] !== right?.[place]);
  if (at !== undefined) return (left?.[at] ?? 0) - (right?.[at] ?? 0);
  return Number(b.includes("-")) - Number(a.includes("-"));
}

function main() {
  const found = findAdvisories(JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")));
  for (const one of found)
    console.log(
      `${one.accepted === null ? "✗" : "accepted"} ${one.package}: ${one.id}${one.accepted === null ? "" : `: ${one.accepted}`}`,
    );
  const open = found.filter((one) => one.accepted === null).length;
  console.log(`${ADVISORIES.length} known advisories checked, ${open} open, ${found.length - open} accepted.`);
  if (open > 0) process.exitCode = 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
