import { Rules } from "../pipeline/rules.ts";
import { check } from "../recovery/check.ts";
import type { KnownSeal } from "../recovery/check-seals.ts";
import { reportJson, reportText } from "../recovery/report-text.ts";
import { FAILED, readFlags, withDatabase } from "./opening.ts";
import { progressLine } from "./progress.ts";

const now = (): Date => new Date();

/** `paybell check`: 0 clean, 1 violations, 2 it could not check. */
export async function checkCommand(args: readonly string[]): Promise<number> {
  let known: KnownSeal | undefined;
  const flags = readFlags(args, ["json", "quiet"], {
    seal: (text) => {
      known = readSeal(text);
    },
  });
  if (flags === null) return FAILED;
  return withDatabase({ writing: false, now }, async ({ config, accounts, audit }) => {
    const line = progressLine(process.stderr, flags.has("quiet"), Date.now);
    const report = await check({
      audit,
      rules: new Rules(accounts, config),
      now,
      ...(known && { seal: known }),
      onProgress: ({ part, done, of }) => line.show(`checking ${part}`, done, of),
    });
    line.end();
    const { findings, checked: counts, emptied, milliseconds } = report;
    const seal = report.seal && `${report.seal.number}:${report.seal.hash}`;
    const clean = `Everything is as the laws say.${emptied > 0 ? standing(emptied) : ""}`;
    process.stdout.write(
      flags.has("json")
        ? reportJson({ findings, counts: { ...counts, emptied }, milliseconds, seal })
        : reportText({ title: "Checked", counts, milliseconds, findings, clean }) +
            (seal === null ? "" : `Newest seal: ${seal}\n`),
    );
    return findings.total === 0 ? 0 : 1;
  });
}

/** `<number>:<hash>`, as it was printed; throws on anything else. */
function readSeal(text: string): KnownSeal {
  const [, number, hash] = /^([1-9]\d{0,8}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined) throw new Error("--seal takes <number>:<64 hex digits>");
  return { number: Number(number), hash };
}

function standing(emptied: number): string {
  return `\nOf ${emptied.toLocaleString("en")} inputs the body was kept for long enough: their stored facts were taken as they are.`;
}
