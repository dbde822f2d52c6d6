import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Item } from "../../../src/gateways/gateway.ts";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";
import type { Fact } from "../../../src/payments/fact.ts";
import { authenticate } from "../../../src/pipeline/authentic.ts";
import { rawOf } from "./verifier.ts";

const PAYMENT: readonly (readonly [string, string])[] = [
  ["mc_gross", "19.99"],
  ["mc_currency", "USD"],
  ["mc_fee", "0.88"],
  ["payment_date", "02:00:00 Jan 05, 2026 PST"],
  ["payment_status", "Completed"],
  ["txn_id", "6G996328CK404320L"],
  ["txn_type", "web_accept"],
  ["invoice", "1001"],
  ["first_name", "Ann"],
  ["receiver_email", "shop@example.com"],
  ["test_ipn", "1"],
];

function read(fields: readonly (readonly [string, string])[]): readonly Item[] | string {
  const body = new Uint8Array(
    Buffer.from(new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString()),
  );
  const parsed = paypalIpn.parse(authenticate(rawOf(body), { kind: "journaled_as_proven" }));
  if (parsed.kind === "unreadable") return parsed.detail;
  return paypalIpn.normalize(parsed.payload, { orderFields: paypalIpn.orderFields });
}

function one(fields: readonly (readonly [string, string])[]): Item {
  const items = read(fields);
  if (typeof items === "string") throw new Error(items);
  return items[0] ?? expect.fail("no item");
}

function withField(name: string, value: string): readonly (readonly [string, string])[] {
  return [...PAYMENT.filter(([other]) => other !== name), [name, value]];
}

describe("an item's key", () => {
  test("is the same for the same truth: fields in another order, sent again, signed again, told in another charset", () => {
    const again: readonly (readonly [string, string])[] = [
      ["resend", "true"],
      ["verify_sign", "another"],
      ["ipn_track_id", "another"],
      ["notify_version", "4.0"],
      ["charset", "utf-8"],
    ];
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...PAYMENT, ...again], { minLength: PAYMENT.length + again.length }),
        (fields) => {
          expect(one(fields)).toEqual(one(PAYMENT));
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each(PAYMENT.map(([name]) => name))("is another where %s is another", (name) => {
    const other = new Map([
      ["mc_gross", "0.01"],
      ["mc_currency", "EUR"],
      ["mc_fee", "0.01"],
      ["payment_date", "03:00:00 Jan 05, 2026 PST"],
      ["payment_status", "Denied"],
      ["test_ipn", "0"],
    ]);
    expect(one(withField(name, other.get(name) ?? "OTHER")).key).not.toBe(one(PAYMENT).key);
  });

  test("is another with each status of one transaction", () => {
    const statuses = [
      "Pending",
      "Created",
      "In-Progress",
      "Processed",
      "Completed",
      "Denied",
      "Failed",
      "Voided",
      "Expired",
    ];
    const keys = statuses.map((status) => one(withField("payment_status", status)).key);
    expect(new Set(keys).size).toBe(statuses.length);
  });

  test("has at most 200 characters with the longest ids and words there may be", () => {
    const id = "X".repeat(64);
    const longest = [...withField("txn_id", id), ["pending_reason", "y".repeat(60)] as const];
    expect(one(longest).key.length).toBeLessThanOrEqual(200);
    const group = [
      ["recurring_payment_id", id],
      ["txn_type", "z".repeat(60)],
      ["ipn_track_id", id],
    ] as const;
    expect(one(group).key.length).toBeLessThanOrEqual(200);
  });
});

describe("a status", () => {
  test("is read in any case of its letters", () => {
    fc.assert(
      fc.property(
        fc.mixedCase(fc.constantFrom("Completed", "Pending", "In-Progress", "Expired", "Denied")),
        (status) => {
          const canonical = status.toLowerCase();
          expect(one(withField("payment_status", status)).facts).toMatchObject(
            one(withField("payment_status", canonical)).facts,
          );
        },
      ),
    );
  });

  test.each(["COMPLETED", "completed", "Completed"])("%s is no Turkish word", (status) => {
    // The dotless ı of a Turkish locale would make PENDıNG of PENDING; reading them may not depend on where the server stands.
    expect("PENDING".toLocaleLowerCase("tr")).not.toBe("pending");
    expect(one(withField("payment_status", status)).type).toBe("web_accept.completed");
    expect(one(withField("payment_status", "PENDING")).type).toBe("web_accept.pending");
    expect(read(withField("payment_status", "PEND\u0131NG"))).toBe("payment_status: not as documented");
  });
});

test("a case that is closed without a word about who won keeps its status", () => {
  const closing = one([
    ["txn_type", "adjustment"],
    ["case_id", "PP-1"],
    ["txn_id", "X1"],
  ]);
  expect(closing.facts).toHaveLength(1);
  expect(closing.facts[0]).not.toHaveProperty("status");
});

describe("the channel", () => {
  test("answers an empty 200, also to a duplicate", () => {
    for (const duplicate of [false, true]) {
      expect(paypalIpn.acknowledge({ duplicate })).toEqual({ status: 200, contentType: null, body: "" });
    }
  });

  test.each([
    "",
    " ",
    "webscr",
    "ftp://ipnpb.paypal.com/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://name:password@ipnpb.paypal.com/",
  ])("refuses %j as the verifier's address", (postbackUrl) => {
    expect(paypalIpn.settings.safeParse({ postbackUrl }).success).toBe(false);
  });

  test("needs no settings, and refuses ones that it does not know", () => {
    expect(paypalIpn.settings.parse({})).toEqual({ postbackUrl: null });
    expect(paypalIpn.settings.safeParse({ secret: "x" }).success).toBe(false);
  });
});

test("any mixture of documented values is read into well-formed facts or called unreadable, and nothing throws", () => {
  const some = (...values: readonly string[]) => fc.constantFrom(...values);
  const message = fc.record(
    {
      txn_id: some("X1", "O-1", "X2"),
      payment_status: some("Completed", "Pending", "Refunded", "Partially_Refunded", "Reversed", "Canceled_Reversal"),
      mc_gross: some("-5.00", "5.00", "0", "5"),
      mc_currency: some("USD", "JPY"),
      txn_type: some("web_accept", "adjustment", "new_case", "masspay", "subscr_payment", "recurring_payment_failed"),
      parent_txn_id: some("X1", "O-1"),
      auth_id: some("X1", "X2"),
      transaction_entity: some("auth", "reauth", "order", "payment"),
      pending_reason: some("authorization", "order", "echeck"),
      reason_code: some("refund", "chargeback", "chargeback_reimbursement", "guarantee"),
      case_id: some("PP-1"),
      subscr_id: some("S-1"),
      recurring_payment_id: some("I-1"),
      masspay_txn_id_1: some("M1", "\u0000"),
      first_name: some("An\u0000n"),
    },
    { requiredKeys: ["txn_id", "payment_status", "mc_gross", "mc_currency"] },
  );
  let readable = 0;
  fc.assert(
    fc.property(message, (fields) => {
      const items = read(Object.entries(fields));
      if (typeof items === "string") return;
      readable += 1;
      expect(items.flatMap((item) => item.facts).flatMap(troubles)).toEqual([]);
    }),
    { numRuns: 3_000 },
  );
  expect(readable).toBeGreaterThan(1_000);
});

function troubles(fact: Fact): readonly string[] {
  const undoes = fact.kind === "refund" || fact.kind === "reversal" || fact.kind === "reinstatement";
  return [
    ...("amount" in fact && fact.amount !== undefined && fact.amount < 0n ? [`${fact.kind} of ${fact.amount}`] : []),
    ...(undoes && fact.amount === undefined ? [`${fact.kind} without an amount`] : []),
    ...(undoes && (fact.joins.length !== 1 || fact.joins[0]?.kind !== "capture") ? [`${fact.kind} of no capture`] : []),
    ...(fact.joins.some(({ kind, reference }) => kind === fact.kind && reference === fact.reference)
      ? [`${fact.kind} joins itself`]
      : []),
    ...(JSON.stringify(fact.buyer ?? {}).includes("u0000") ? [`NUL in the buyer of ${fact.kind}`] : []),
  ];
}
