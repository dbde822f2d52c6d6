import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { skipWithout } from "../absent.ts";
import { withHistories } from "../recovery/bench.ts";
import { paybell } from "../recovery/command.ts";
import { availableDialects } from "../store/databases.ts";
import { hledger, hledgerBalances, hledgerIsAbsent } from "./hledger.ts";

/** Minor units, as JSON tells them. */
interface Told {
  readonly account: string;
  readonly currency: string;
  readonly balance: string;
}

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`paybell ledger on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("prints the trial balance and writes the files, beside the server, and hledger agrees", async (context) => {
      const absent = hledgerIsAbsent();
      skipWithout(context, absent);
      const folder = mkdtempSync(join(tmpdir(), "paybell-books-"));
      const [csv, journal] = [join(folder, "ledger.csv"), join(folder, "ledger.journal")];
      try {
        await withHistories(dialect, ["b1", "b2", "b3"], async ({ database: { url } }) => {
          const answer = await paybell(url, "ledger", "--csv", csv, "--journal", journal);
          expect(answer.status, answer.err).toBe(0);
          expect(answer.out).toMatch(/^Test money: debits less credits\.\n/);
          // Three sales of 19.99, of each 5.00 given back; the disputes were won.
          expect(answer.out).toMatch(/^assets:cash:stripe:default +44\.97 USD$/m);
          expect(answer.out).toMatch(/^revenue:sales +-59\.97 USD$/m);
          expect(answer.out).toMatch(/^revenue:refunds +15\.00 USD$/m);
          expect(answer.out).toMatch(/^total +0\.00 USD$/m);
          const { accounts }: { readonly accounts: readonly Told[] } = JSON.parse(
            (await paybell(url, "ledger", "--json")).out,
          );
          const text = readFileSync(journal, "utf8");
          hledger(text, "check", "--strict");
          expect(hledgerBalances(text)).toEqual(
            Object.fromEntries(
              accounts
                .filter(({ balance }) => balance !== "0")
                .map(({ account, currency, balance }) => [
                  `${account} ${currency}`,
                  (Number(balance) / 100).toFixed(2),
                ]),
            ),
          );
          expect(readFileSync(csv, "utf8")).toMatch(/^entry,posted,/);
          expect((await paybell(url, "ledger", "--live")).out).toBe("Nothing of live money is posted.\n");
          expect((await paybell(url, "ledger", "--until", "yesterday")).err).toContain(
            "--until takes an ISO 8601 time",
          );
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    }, 120_000);
  });
}
