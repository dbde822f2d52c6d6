import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipWithout } from "../absent.ts";
import { hledger, hledgerBalances, hledgerIsAbsent } from "../books/hledger.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import type { TestDatabase } from "../store/databases.ts";
import { type Answer, eventually, type Service, startService, succeeded, TOKEN } from "./service.ts";

/** What somebody may have for a reference: their spreadsheet would run it. */
const FORMULA = "=HYPERLINK(A1)";

interface Line {
  readonly entry: string;
  readonly account: string;
  readonly currency: string;
  readonly amount: number;
  readonly order: string | null;
  readonly payment: string | null;
  readonly fact: string | null;
  readonly input: string;
}

describeOnEachDatabase("the ledger", (open) => {
  let database: TestDatabase;
  let service: Service;
  let paid: string;
  let held: string;

  const get = (path: string): Promise<Answer> => service.call("GET", path);
  const lines = async (query = ""): Promise<readonly Line[]> => (await get(`/v1/ledger${query}`)).json.data;
  const amounts = (data: readonly Line[]) =>
    data.map(({ account, currency, amount }) => `${account} ${amount} ${currency}`).sort();
  const text = async (path: string): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const paymentOf = async (reference: string): Promise<string> => {
    const answer = await eventually(
      () => get(`/v1/payments?reference=${reference}`),
      ({ json }) => json.data.length === 1,
    );
    return answer.json.data[0].id;
  };

  beforeAll(async () => {
    database = await open();
    service = await startService({ databaseUrl: database.url });
    await service.call("POST", "/v1/orders", { reference: "1001", currency: "USD", total: 1999 });
    await service.notify(succeeded({ intent: "pi_paid", order: "1001" }));
    await service.notify(succeeded({ intent: "pi_yen", order: FORMULA, amount: 500, currency: "jpy" }));
    paid = await paymentOf("pi_paid");
    held = await paymentOf("pi_yen");
  });
  afterAll(async () => {
    await service.close();
    await database.drop();
  });

  test("a registered order is owed, its payment settles it, and each line says what it follows from", async () => {
    expect(amounts(await lines("?order=1001"))).toEqual([
      "assets:cash:stripe:default 1999 USD",
      "assets:receivable -1999 USD",
      "assets:receivable 1999 USD",
      "revenue:sales -1999 USD",
    ]);
    const own = await lines(`?payment=${paid}`);
    expect(own).toHaveLength(2);
    for (const line of own) {
      expect(line).toMatchObject({ entry: `${paid}#1`, payment: paid, order: "1001", live: false });
      expect(line.fact).toMatch(/^stripe\/default\/test\/evt_pi_paid#/);
      expect((await get(`/v1/notifications/${line.input}`)).status).toBe(200);
    }
    expect((await lines("?order=1001")).filter(({ payment }) => payment === null)).toMatchObject([
      { entry: "order/1001#1", fact: null },
      { entry: "order/1001#1", fact: null },
    ]);
  });

  test("a payment of an order that nobody registered is in suspense until it is, and then moves", async () => {
    expect(amounts(await lines(`?payment=${held}`))).toEqual([
      "assets:cash:stripe:default 500 JPY",
      "liabilities:suspense:stripe:default -500 JPY",
    ]);
    await service.call("POST", "/v1/orders", { reference: FORMULA, currency: "JPY", total: 500 });
    const { json } = await get(`/v1/payments/${held}/ledger`);
    expect(json).toMatchObject({ payment: held, order: FORMULA, next: null });
    expect(json.balances).toEqual([
      { account: "assets:cash:stripe:default", currency: "JPY", balance: 500 },
      { account: "assets:receivable", currency: "JPY", balance: -500 },
    ]);
    expect(json.data).toHaveLength(4);
    expect(json.data[0]).toMatchObject({ entry: `${held}#2`, fact: null, input: expect.stringMatching(/^inp_/) });
  });

  test.each([
    ["account=assets:cash", ["assets:cash:stripe:default 1999 USD", "assets:cash:stripe:default 500 JPY"]],
    ["account=assets:cas", []],
    ["currency=jpy&account=revenue:sales", ["revenue:sales -500 JPY"]],
    ["currency=EUR", []],
    ["live=true", []],
    ["since=2199-01-01T00:00:00Z", []],
    ["until=2001-01-01T00:00:00Z", []],
    ["payment=pay_0000000000aaaa", []],
  ])("shows with %s what fits", async (query, expected) => {
    expect(amounts(await lines(`?${query}`))).toEqual(expected);
  });

  test("goes on page by page, the newest first, and refuses what is no cursor", async () => {
    const all = await lines("?limit=100&live=all");
    const paged: Line[] = [];
    for (let cursor = ""; ; ) {
      const { json } = await get(`/v1/ledger?limit=3${cursor}`);
      paged.push(...json.data);
      if (json.next === null) break;
      cursor = `&cursor=${json.next}`;
    }
    expect(paged).toEqual(all);
    expect(all.length).toBeGreaterThan(6);
    expect((await get("/v1/ledger?cursor=x")).status).toBe(400);
    expect((await get("/v1/ledger?account=x%20y")).json.fields).toMatchObject([{ path: "account" }]);
    expect((await get("/v1/payments/pay_0000000000aaaa/ledger")).status).toBe(404);
  });

  test("the trial balance sums to zero in each currency", async () => {
    const { json } = await get("/v1/ledger/balances");
    expect(json.data).toContainEqual({
      ...{ live: false, account: "assets:receivable", currency: "USD", debits: 1999, credits: 1999, balance: 0 },
    });
    expect(
      json.totals.map(({ currency, balance }: { currency: string; balance: number }) => [currency, balance]).sort(),
    ).toEqual([
      ["JPY", 0],
      ["USD", 0],
    ]);
    expect((await get("/v1/ledger/balances?live=true")).json).toMatchObject({ data: [], totals: [] });
    expect((await get("/v1/ledger/balances?until=2001-01-01T00:00:00Z")).json.data).toEqual([]);
  });

  test("its CSV holds every line, and no cell that a spreadsheet would run", async () => {
    const answer = await text("/v1/ledger/export.csv");
    expect(answer.headers.get("content-type")).toMatch(/^text\/csv; charset=utf-8/);
    expect(answer.headers.get("content-disposition")).toBe('attachment; filename="ledger-test.csv"');
    const csv = await answer.text();
    expect(csv.trim().split("\r\n")).toHaveLength(1 + (await lines("?limit=100")).length);
    expect(csv).toContain(`"'${FORMULA}"`);
    expect(csv).not.toMatch(/(^|,|")=/m);
    expect(await (await text("/v1/ledger/export.csv?live=true")).text()).toMatch(/^entry,[a-z,]+\r\n$/);
    expect((await text("/v1/ledger/export.csv?live=all")).status).toBe(400);
    expect((await fetch(`${service.url}/v1/ledger/export.csv`)).status).toBe(401);
  });

  describe("its journal", () => {
    const absent = hledgerIsAbsent();

    test("is read by hledger, which comes to the same balances", async (context) => {
      skipWithout(context, absent);
      const journal = await (await text("/v1/ledger/export.journal")).text();
      hledger(journal, "check", "--strict");
      const { json } = await get("/v1/ledger/balances");
      const expected = json.data
        .filter(({ balance }: { balance: number }) => balance !== 0)
        .map(({ account, currency, balance }: { account: string; currency: string; balance: number }) => [
          `${account} ${currency}`,
          currency === "JPY" ? String(balance) : (balance / 100).toFixed(2),
        ]);
      expect(hledgerBalances(journal)).toEqual(Object.fromEntries(expected));
      expect(expected.length).toBeGreaterThan(3);
    });
  });
});
