import { describe, expect, test } from "vitest";
import { type Expected, type Happening, replay } from "../../torture/model/model.ts";

/** The reference decides what is right, so its own answers are written down here by hand. */

const ORDER: Expected = {
  reference: "1001",
  total: 1000,
  mode: "exact",
  isRecurring: false,
  isRegistered: true,
  neverCount: [],
};

const captured = (amount = 1000, capture = "ch_1", payment = "p"): Happening => {
  return { what: "captured", payment, capture, purchase: payment, amount };
};
const refunded = (amount: number, refund = "re_1"): Happening => ({ what: "refunded", payment: "p", refund, amount });
const disputed = (amount = 1000): Happening => ({ what: "disputed", payment: "p", dispute: "dp", amount });

function end(happenings: readonly Happening[], expected: Partial<Expected> = {}) {
  const { payments, order, told } = replay(happenings, { ...ORDER, ...expected });
  return { payment: payments.get("p"), order, told: Object.fromEntries(told) };
}

describe("the plain reference", () => {
  test("pays an order with a payment of its amount", () => {
    expect(end([{ what: "attempted", payment: "p", status: "pending" }, captured()])).toEqual({
      payment: { status: "paid", captured: 1000, refunded: 0, disputed: 0, chargedBack: 0, subscription: null },
      order: { status: "paid", paid: 1000, refunded: 0, lost: 0, fulfillable: true },
      told: { "payment.paid": 1, "order.paid": 1 },
    });
  });

  test("lets the last attempt speak where no money came", () => {
    const attempts: readonly Happening[] = [
      { what: "attempted", payment: "p", status: "authorized" },
      { what: "attempted", payment: "p", status: "canceled" },
    ];
    expect(end(attempts).payment?.status).toBe("canceled");
    expect(end(attempts).order).toMatchObject({ status: "open", fulfillable: false });
    expect(end(attempts).told).toEqual({});
  });

  test("takes a refund off, and puts it back when it fails", () => {
    const part = end([captured(), refunded(400)]);
    expect([part.payment?.status, part.order.status, part.order.fulfillable]).toEqual([
      "partially_refunded",
      "partially_refunded",
      true,
    ]);
    const all = end([captured(), refunded(400), refunded(600, "re_2")]);
    expect([all.payment?.status, all.order.status]).toEqual(["refunded", "refunded"]);
    expect(all.told).toEqual({ "payment.paid": 1, "payment.refunded": 2, "order.paid": 1, "order.refunded": 1 });
    const failed = end([captured(), refunded(1000), { what: "refund_failed", payment: "p", refund: "re_1" }]);
    expect([failed.payment?.status, failed.order.status]).toEqual(["paid", "paid"]);
    expect(failed.told).toMatchObject({ "payment.refund_failed": 1, "order.refunded": 1 });
  });

  test("holds what is disputed, and ends as the dispute does", () => {
    const over = (what: "dispute_won" | "dispute_lost"): Happening => ({ what, payment: "p", dispute: "dp" });
    expect(end([captured(), disputed()]).order).toMatchObject({ status: "disputed", fulfillable: false });
    expect(end([captured(), disputed(), over("dispute_won")]).order).toMatchObject({ status: "paid", lost: 0 });
    const lost = end([captured(), disputed(), over("dispute_lost")]);
    expect(lost.payment).toMatchObject({ status: "charged_back", chargedBack: 1000, disputed: 0 });
    expect(lost.order).toMatchObject({ status: "charged_back", lost: 1000 });
    expect(lost.told).toMatchObject({ "payment.dispute_lost": 1, "order.disputed": 1, "order.charged_back": 1 });
    const part = end([captured(), disputed(300), over("dispute_lost")]);
    expect(part.order).toMatchObject({ status: "partially_refunded", lost: 300, fulfillable: false });
    expect(part.told).not.toHaveProperty("order.charged_back");
  });

  test("opens an order again whose money failed later", () => {
    const failed = end([captured(), { what: "capture_failed", payment: "p", capture: "ch_1" }]);
    expect(failed.payment).toMatchObject({ status: "failed", captured: 0 });
    expect(failed.order).toMatchObject({ status: "open", paid: 0 });
    expect(failed.told).toEqual({ "payment.paid": 1, "order.paid": 1, "order.reopened": 1 });
  });

  test("counts no money that the order did not expect", () => {
    for (const { order, told } of [end([captured(900)]), end([captured()], { neverCount: ["p"] })]) {
      expect(order).toMatchObject({ status: "open", paid: 0, fulfillable: false });
      expect(told).toEqual({ "payment.paid": 1 });
    }
    expect(end([captured()], { isRegistered: false }).order.status).toBe("unregistered");
  });

  test("adds payments up, and says when it was too much", () => {
    const halves = [captured(500), captured(500, "ch_2", "q")];
    expect(end(halves, { mode: "several" }).order).toMatchObject({ status: "paid", paid: 1000 });
    expect(end(halves.slice(1), { mode: "several" }).order).toMatchObject({ status: "partially_paid", paid: 500 });
    const twice = [captured(), captured(1000, "ch_2", "q")];
    expect(end(twice).order).toMatchObject({ status: "overpaid", paid: 2000, fulfillable: true });
    expect(end([...twice, refunded(1000)]).order).toMatchObject({ status: "paid", paid: 2000, refunded: 1000 });
  });

  test("tells a purchase of several captures once, and several purchases each", () => {
    const first = captured(400);
    const rest = captured(600, "ch_2");
    expect(end([first, rest]).told).toEqual({ "payment.paid": 1, "order.paid": 1 });
    expect(end([first, { ...rest, purchase: "other" } as Happening]).told).toMatchObject({ "payment.paid": 2 });
  });

  test("closes what is canceled, whatever was paid, and what was not paid by its deadline", () => {
    const canceled = end([captured(), { what: "canceled" }]);
    expect(canceled.order).toMatchObject({ status: "canceled", paid: 1000, fulfillable: false });
    expect(canceled.told).toEqual({ "payment.paid": 1, "order.paid": 1, "order.canceled": 1 });
    expect(end([captured(400), { what: "expired" }], { mode: "several" }).order.status).toBe("expired");
    expect(end([captured(), { what: "expired" }]).order.status).toBe("paid");
  });

  test("holds what is paid after the closing, until somebody lets it in", () => {
    const late = [{ what: "canceled" } as const, captured()];
    expect(end(late).order).toMatchObject({ status: "canceled", paid: 0 });
    expect(end(late).told).toEqual({ "payment.paid": 1, "order.canceled": 1 });
    expect(end([...late, { what: "let_in", counted: "p" }]).order).toMatchObject({ status: "paid", paid: 1000 });
  });

  test("opens a paid order whose total is raised, and pays it with the rest", () => {
    const raised = [captured(), { what: "total_changed", total: 1500 } as const];
    expect(end(raised).order).toMatchObject({ status: "partially_paid", fulfillable: false });
    expect(end(raised).told).toMatchObject({ "order.paid": 1, "order.reopened": 1 });
    const both = end([...raised, captured(500, "ch_2", "q")]);
    expect(both.order).toMatchObject({ status: "paid", paid: 1500 });
    expect(both.told).toMatchObject({ "order.paid": 2, "order.reopened": 1 });
    expect(end([captured(), { what: "total_changed", total: 600 }]).order.status).toBe("overpaid");
  });

  test("believes a person about what is held, and money recorded by hand", () => {
    const wrong = [captured(900)];
    expect(end([...wrong, { what: "let_in", counted: "p" }]).order).toMatchObject({
      status: "partially_paid",
      paid: 900,
    });
    expect(end([...wrong, { what: "turned_away", counted: "p" }]).order).toMatchObject({ status: "open", paid: 0 });
    const transfer = captured(1000, "t", "outside/default/test/capture/1001/t");
    expect(end([transfer], { neverCount: [] }).order).toMatchObject({ status: "paid", paid: 1000 });
    const taken: Happening = {
      what: "refunded",
      payment: "outside/default/test/refund/1001/c",
      refund: "c",
      amount: 300,
    };
    expect(end([transfer, taken]).order).toMatchObject({ status: "partially_refunded", refunded: 300 });
  });

  test("pays an order with the first payment of a subscription, and periods with the others", () => {
    const period = (payment: string, amount: number) => ({ ...captured(amount, payment, payment), subscription: "s" });
    const { order, told } = end([period("p", 1000), period("q", 1200)], { isRecurring: true });
    expect(order).toMatchObject({ status: "paid", paid: 1000 });
    expect(told).toEqual({ "payment.paid": 2, "order.paid": 1 });
  });
});
