import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const PRINT = join(import.meta.dirname, "print-digests.ts");

/** What every gateway's vectors fold into, worked out by a process in another place. */
function digestsIn(place: Readonly<Record<string, string>>): string {
  return execFileSync(process.execPath, ["node_modules/tsx/dist/cli.mjs", PRINT], {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", ...place },
  });
}

test("the same notifications make the same payments in Kathmandu, in Turkish and on the day of a clock change", () => {
  const here = digestsIn({ TZ: "UTC", LANG: "C" });
  expect(here.split("\n").length).toBeGreaterThan(10);
  expect(digestsIn({ TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" })).toBe(here);
  expect(digestsIn({ TZ: "America/New_York", LANG: "de_DE.UTF-8" })).toBe(here);
}, 60_000);
