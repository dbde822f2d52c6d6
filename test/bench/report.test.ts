import { expect, test } from "vitest";
import type { Figures } from "../../bench/measure.ts";
import type { SubjectName } from "../../bench/options.ts";
import { report } from "../../bench/report.ts";

const LATENCY = { share: 0.5, rate: 1, p50: 1, p99: 5, p999: 6, refused: 0 };
const OVERLOAD = {
  ...{ acknowledgedPerSecond: 1, refused: 0, refusalP99Ms: Number.NaN, peakMiB: 300 },
  ...{ withoutRetryAfter: 0, othersThan503: 0, recovered: 1 },
};
const FIGURES: Figures = {
  ...{ acknowledgedPerSecond: 1_000, appliedPerSecond: 500, loneMs: 1, paidP50Ms: 10, paidP99Ms: 50 },
  ...{ serviceCpuUs: 500, databaseCpuUs: Number.NaN, bytesPerNotification: 40_000, peakMiB: 200, readyMs: 500 },
  latencies: [0.25, 0.5, 0.8].map((share) => ({ ...LATENCY, share })),
  sustained: LATENCY,
  ...{ overload: OVERLOAD, larger: OVERLOAD },
  ...{ acknowledged: 1, lost: 0, unapplied: 0 },
};

function reportOf(rounds: readonly (readonly [SubjectName, Partial<Figures>])[]): string {
  const measured = rounds.map(([subject, figures]) => ({ subject, figures: { ...FIGURES, ...figures } }));
  const about = { command: "bench", seconds: 1, rounds: 1, at: new Date(0), postgresql: "none", load: [0, 0] } as const;
  return report(measured, about);
}

test("what is missed is told with how far, and with what stands in its way, each reason once", () => {
  const text = reportOf([
    ["ceiling", {}],
    ["sqlite", { peakMiB: 300 }],
    ["postgresql", { peakMiB: 400, lost: 2 }],
  ]);
  const lines = text.split("\n").filter((line) => line.startsWith("- "));
  expect(lines).toEqual([
    expect.stringMatching(
      /^- SQLite: peak memory under full load, MiB \(300, ≤ 256\); PostgreSQL: peak memory under full load, MiB \(400, ≤ 256\): \S.+\.$/,
    ),
    "- PostgreSQL: lost (2, ≤ 0): not known.",
  ]);
});

test("where nothing is missed nothing is said of it", () => {
  const text = reportOf([
    ["ceiling", {}],
    ["sqlite", {}],
  ]);
  expect(text).not.toContain("missed");
});
