import { type Finding, type Findings, LAWS, type Law } from "./finding.ts";

/** How many findings of one law are listed for people; `--json` has more. */
const LISTED = 20;

/** For people: what was looked at, then each broken law with whom it concerns. */
export function reportText(parts: {
  readonly title: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  readonly findings: Findings;
  /** What stands where nothing was found. */
  readonly clean: string;
}): string {
  const { findings } = parts;
  const looked = Object.entries(parts.counts).map(([name, count]) => `${count.toLocaleString("en")} ${name}`);
  const seconds = `in ${(parts.milliseconds / 1000).toFixed(1)} s`;
  const head = looked.length > 0 ? `${parts.title}: ${looked.join(", ")} ${seconds}` : `${parts.title} ${seconds}`;
  if (findings.total === 0) return `${head}\n${parts.clean}\n`;
  const sections = [...findings.counts].map(([law, count]) => section(law, count, findings.kept));
  return `${head}\n${findings.total.toLocaleString("en")} found.\n${sections.join("")}`;
}

function section(law: Law, count: number, kept: readonly Finding[]): string {
  const own = kept.filter((finding) => finding.law === law).slice(0, LISTED);
  const lines = own.map(({ subject, detail }) => `  ${subject}: ${detail}\n`);
  const rest = count > own.length ? `  … and ${(count - own.length).toLocaleString("en")} more\n` : "";
  return `\n${law} (${count.toLocaleString("en")}): ${LAWS[law]}\n${lines.join("")}${rest}`;
}

/** For machines: one JSON object. */
export function reportJson(parts: {
  readonly counts: Readonly<Record<string, number>>;
  readonly milliseconds: number;
  readonly findings: Findings;
  readonly seal?: string | null;
}): string {
  const { findings, counts, milliseconds, seal } = parts;
  return `${JSON.stringify({ total: findings.total, laws: Object.fromEntries(findings.counts), findings: findings.kept, counts, milliseconds, seal })}\n`;
}
