import type { EffectName } from "../../payments/effect-name.ts";
import type { Download, OrderLine } from "../../payments/state.ts";
import { lastPart } from "../download/file-name.ts";
import type { DownloadFolder, FileProblem } from "../download/folder.ts";
import type { FieldProblem } from "../errors.ts";
import { InvalidRequest } from "./answer.ts";
import type { ToldLine } from "./schemas.ts";

/** What an order's lines promise besides, checked when it is promised: what can't be kept is refused. */

export interface GoodsTerms {
  readonly effects: ReadonlySet<EffectName>;
  readonly folder: DownloadFolder;
  /** Where a line does not say. */
  readonly days: number;
  readonly limit: number;
}

const FILE_PROBLEMS: Readonly<Record<FileProblem, string>> = {
  no_folder: "is nowhere to be found: DOWNLOADS_DIR is not set, or no such folder",
  bad_name: "must be a file's name below DOWNLOADS_DIR",
  not_there: "is not in DOWNLOADS_DIR",
  outside: "leads out of DOWNLOADS_DIR",
  no_file: "is no file",
};

/** A license key a unit, and all of them in one mail. */
const MOST_UNITS = 1_000;

/** The lines with their terms filled in; throws InvalidRequest. */
export async function lineGoods(lines: readonly ToldLine[], terms: GoodsTerms): Promise<readonly OrderLine[]> {
  const problems = [
    ...switchedOff(lines, terms.effects),
    ...sharedSkus(lines),
    ...tooManyUnits(lines),
    ...(await fileProblems(lines, terms.folder)),
  ];
  if (problems.length > 0) throw new InvalidRequest(problems);
  return lines.map(({ download, license, ...line }) => ({
    ...line,
    ...(download && { download: downloadOf(download, line.sku, terms) }),
    ...(license && { license }),
  }));
}

function downloadOf(told: NonNullable<ToldLine["download"]>, sku: string, terms: GoodsTerms): Download {
  const { file = null, url = null } = told;
  return {
    file,
    url,
    name: told.name ?? (file === null ? sku : lastPart(file)),
    days: told.days ?? terms.days,
    limit: told.limit ?? terms.limit,
  };
}

function switchedOff(lines: readonly ToldLine[], effects: ReadonlySet<EffectName>): readonly FieldProblem[] {
  const check = (member: "download" | "license", effect: EffectName): readonly FieldProblem[] =>
    effects.has(effect)
      ? []
      : lines.flatMap((line, index) =>
          line[member]
            ? [{ path: `lines.${index}.${member}`, message: `is switched off (EFFECTS lacks ${effect})` }]
            : [],
        );
  return [...check("download", "downloads"), ...check("license", "licenses")];
}

/** What was given is known by its SKU, whatever becomes of the lines. */
function sharedSkus(lines: readonly ToldLine[]): readonly FieldProblem[] {
  const counts = new Map<string, number>();
  for (const { sku } of lines) counts.set(sku, (counts.get(sku) ?? 0) + 1);
  return lines.flatMap(({ sku, download, license }, index) =>
    (download || license) && (counts.get(sku) ?? 0) > 1
      ? [{ path: `lines.${index}.sku`, message: "must be this line's alone: it carries a download or a license" }]
      : [],
  );
}

function tooManyUnits(lines: readonly ToldLine[]): readonly FieldProblem[] {
  const units = lines.reduce((sum, { license, quantity }) => sum + (license ? quantity : 0), 0);
  const message = `must not have more than ${MOST_UNITS} units with a license`;
  return units > MOST_UNITS ? [{ path: "lines", message }] : [];
}

async function fileProblems(lines: readonly ToldLine[], folder: DownloadFolder): Promise<readonly FieldProblem[]> {
  const problems: FieldProblem[] = [];
  for (const [index, { download }] of lines.entries()) {
    const problem = download?.file === undefined ? null : await folder.problemOf(download.file);
    if (problem !== null) problems.push({ path: `lines.${index}.download.file`, message: FILE_PROBLEMS[problem] });
  }
  return problems;
}
