import { pino } from "pino";
import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/recovery/finding.ts";
import { Sampler } from "../../src/recovery/sampler.ts";
import { openAudit } from "../../src/store/audit/open-audit.ts";
import { availableDialects } from "../store/databases.ts";
import { RULES, sealAll, withHistories } from "./bench.ts";

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`the sampler on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("finds nothing in a sound database, and what somebody has changed wherever it begins", async () => {
      await withHistories(dialect, ["a1", "a2", "a3"], async ({ database, store, tamper }) => {
        let share = 0;
        const sampled: { payments: number; findings: readonly Finding[]; seconds: number }[] = [];
        const sampler = new Sampler({
          open: () => openAudit({ url: database.url, now: () => new Date() }),
          rules: RULES,
          log: pino({ level: "silent" }),
          everyMs: 3_600_000,
          random: () => share,
          onSampled: (sample) => sampled.push(sample),
        });
        await sampler.sample();
        expect(sampled[0]).toMatchObject({ payments: 3, findings: [] });
        await tamper.run("update payments set status = 'refunded' where reference = 'pi_a2'");
        await sampler.sample();
        share = 0.999;
        await sampler.sample();
        await sealAll(store);
        await tamper.run("update inputs set body_hash = 'ff' where key = 'evt_a1_2'");
        await sampler.sample();
        await sampler.stop();
        expect(sampled[1]?.findings.map(({ law }) => law)).toEqual(["payment_columns"]);
        expect(sampled[2]?.payments).toBeGreaterThan(0);
        expect(sampled[3]?.findings.map(({ law }) => law)).toContain("input_chain");
        expect(sampled[1]?.seconds).toBeLessThan(20);
      });
    }, 60_000);
  });
}
