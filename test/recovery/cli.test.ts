import { describe, expect, test } from "vitest";
import { availableDialects } from "../store/databases.ts";
import { sealAll, withHistories } from "./bench.ts";
import { paybell } from "./command.ts";

for (const { dialect, skip } of await availableDialects()) {
  describe.skipIf(skip !== null)(`paybell on ${dialect}${skip === null ? "" : ` (${skip})`}`, () => {
    test("check and rebuild answer by their exit status, beside the server that has the database open", async () => {
      await withHistories(dialect, ["a1", "a2"], async ({ database: { url }, store, tamper }) => {
        await sealAll(store);
        const clean = await paybell(url, "check");
        expect(clean).toMatchObject({ status: 0, err: "" });
        expect(clean.out).toMatch(
          /^Checked: 18 inputs, .* 2 payments, 2 orders, .*\nEverything is as the laws say.\nNewest seal: \d+:[0-9a-f]{64}\n$/,
        );
        const kept = clean.out.trim().split(" ").at(-1) ?? "";
        expect((await paybell(url, "check", "--seal", kept)).status).toBe(0);
        const other = await paybell(url, "check", "--seal", `1:${"0".repeat(64)}`);
        expect(other.status).toBe(1);
        expect(other.out).toContain("seal 1: it is not the one that was kept");

        await tamper.run("update payments set status = 'refunded' where reference = 'pi_a2'");
        const broken = await paybell(url, "check", "--json");
        expect(broken.status).toBe(1);
        expect(JSON.parse(broken.out)).toMatchObject({ total: 1, laws: { payment_columns: 1 }, seal: kept });

        const shown = await paybell(url, "rebuild");
        expect(shown.status).toBe(1);
        expect(shown.out).toContain("status refunded, should be partially_refunded");
        expect(shown.out).toContain("Nothing was changed; --apply puts it right.");
        const applied = await paybell(url, "rebuild", "--apply");
        expect(applied).toMatchObject({ status: 0, err: "" });
        expect((await paybell(url, "check", "--quiet")).status).toBe(0);

        expect(await paybell(url, "forget", "nobody@example.com")).toMatchObject({
          ...{ status: 0, out: "Nothing is known of them.\n", err: "" },
        });
        await store.emptyBodies({ before: new Date(Date.now() + 1_000), after: null, limit: 100 });
        expect((await paybell(url, "check")).out).toContain("Of 16 inputs the body was kept for long enough");
        expect((await paybell(url, "rebuild")).out).toContain("(the bodies of 16 were kept for long enough)");
      });
    }, 120_000);
  });
}

test("what can't be done is status 2, and says why", async () => {
  const missing = await paybell("file:/nowhere/paybell.db", "check");
  expect(missing).toMatchObject({ status: 2, out: "" });
  expect(missing.err).toContain("there is no database at /nowhere/paybell.db");
  expect((await paybell("file:/nowhere/paybell.db", "check", "--quick")).status).toBe(2);
  expect((await paybell("file:/nowhere/paybell.db", "check", "--seal", "1")).err).toContain("--seal takes");
  expect((await paybell("file:/nowhere/paybell.db", "chekc")).status).toBe(2);
  expect((await paybell("file:/nowhere/paybell.db", "forget")).err).toContain("one e-mail or one customer's id");
  expect((await paybell("file:/nowhere/paybell.db", "forget", "Ann")).status).toBe(2);
  expect((await paybell("file:/nowhere/paybell.db", "help")).out).toContain("rebuild");
}, 60_000);
