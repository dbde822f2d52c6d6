import { openChannels } from "../channels.ts";
import { GATEWAYS } from "../gateways/registry.ts";
import { Rules } from "../pipeline/rules.ts";
import { type RebuildReport, rebuild } from "../recovery/rebuild.ts";
import { reportJson, reportText } from "../recovery/report-text.ts";
import { FAILED, type Opened, readFlags, withDatabase } from "./opening.ts";
import { progressLine } from "./progress.ts";

const now = (): Date => new Date();

/** `paybell rebuild`: 0 nothing differs (or all was put right), 1 something does, 2 it could not be done. */
export async function rebuildCommand(args: readonly string[]): Promise<number> {
  const flags = readFlags(args, ["json", "quiet", "apply", "retract-events"]);
  if (flags === null) return FAILED;
  const apply = flags.has("apply");
  return withDatabase({ writing: apply, now }, async (opened) => {
    const line = progressLine(process.stderr, flags.has("quiet"), Date.now);
    const report = await withChannels(opened, (channels) =>
      rebuild({
        audit: opened.audit,
        rules: new Rules(opened.accounts, opened.config),
        channels,
        accounts: new Map(opened.accounts.map((account) => [`${account.provider}/${account.id}`, account])),
        now,
        apply,
        retractEvents: flags.has("retract-events"),
        onProgress: ({ part, done, of }) => line.show(`folding ${part}`, done, of),
      }),
    );
    line.end();
    process.stdout.write(flags.has("json") ? asJson(report) : asText(report, apply));
    return report.remaining.total === 0 ? 0 : 1;
  });
}

/** Channels only read here: nothing is asked of any provider. */
async function withChannels<Result>(
  { config, accounts }: Opened,
  work: (channels: ReturnType<typeof openChannels>["byName"]) => Promise<Result>,
): Promise<Result> {
  const channels = openChannels({
    gateways: GATEWAYS,
    accounts,
    version: "rebuild",
    loopbackHttp: !config.production,
    now,
  });
  try {
    return await work(channels.byName);
  } finally {
    await channels.close();
  }
}

function asJson({ findings, read: counts, milliseconds, remaining }: RebuildReport): string {
  const parts = { counts, milliseconds };
  return `{"found":${reportJson({ ...parts, findings }).trim()},"remaining":${reportJson({ ...parts, findings: remaining }).trim()}}\n`;
}

function asText({ findings, remaining, read, milliseconds }: RebuildReport, apply: boolean): string {
  const { kept, emptied, ...counts } = read;
  const shown = reportText({
    title: "Folded again",
    counts,
    milliseconds,
    findings,
    clean: "What is stored is what comes out.",
  });
  const standing = standingFacts(kept, emptied);
  if (findings.total === 0) return `${shown}${standing}`;
  if (!apply) return `${shown}${standing}\nNothing was changed; --apply puts it right.\n`;
  const rest = reportText({
    title: "Put right",
    counts: {},
    milliseconds,
    findings: remaining,
    clean: "Nothing is left of it.",
  });
  return `${shown}${standing}\n${rest}`;
}

function standingFacts(kept: number, emptied: number): string {
  if (kept === 0) return "";
  const because = emptied > 0 ? ` (the bodies of ${emptied.toLocaleString("en")} were kept for long enough)` : "";
  return `Of ${kept.toLocaleString("en")} inputs the stored facts stand: nobody can read them again${because}.\n`;
}
