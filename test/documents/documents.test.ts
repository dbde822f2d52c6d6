import { expect, onTestFinished, test } from "vitest";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { DOCUMENTS, eventually, type Service, type ServiceOptions, startService, succeeded } from "../http/service.ts";
import { readPdf } from "./pdf-text.ts";

const LINES = [
  { sku: "TEA-1", name: "Darjeeling", quantity: 2, amount: 1070, taxRate: "7" },
  { sku: "CUP-1", name: "Φλιτζάνι, чашка, filiżanka", quantity: 1, amount: 1190, taxRate: "19", tax: 190 },
  { sku: "CUP-2", name: "Saucer", quantity: 1, amount: 595, taxRate: "19.0" },
];
const CUSTOMER = {
  email: "ann@example.com",
  name: "Ελένη Żółć Иванова",
  company: "Żółć & Söhne",
  address: ["Kärntner Straße 5", "1010 Wien"],
  taxId: "ATU12345678",
};

describeOnEachDatabase("documents", (open) => {
  const start = async (options: ServiceOptions = {}): Promise<Service> => {
    const database = await open();
    const service = await startService({ databaseUrl: database.url, ...options });
    onTestFinished(async () => {
      await service.close();
      await database.drop();
    });
    return service;
  };
  const register = (service: Service, reference: string, order: object = {}) =>
    service.call("POST", "/v1/orders", {
      ...{ reference, currency: "EUR", total: 2855, customer: CUSTOMER, lines: LINES },
      ...order,
    });
  const pay = async (service: Service, order: string, amount = 2855, currency = "eur") => {
    await service.notify(succeeded({ intent: `pi_${order}`, order, amount, currency }));
    const read = () => service.call("GET", `/v1/orders/${order}`);
    expect((await eventually(read, ({ json }) => json.status === "paid")).json.status).toBe("paid");
  };
  const giveBack = (service: Service, order: string, amount: number, reference: string) =>
    service.call("POST", `/v1/orders/${order}/payments`, {
      ...{ reference, method: "correction", currency: "EUR", amount: -amount, by: "Kim", reason: "returned" },
    });
  const get = (service: Service, order: string, path: string) => service.call("GET", `/v1/orders/${order}/${path}`);

  test("a receipt says what was paid, when, by whom and for what", async () => {
    const service = await start();
    await register(service, "1001");
    await pay(service, "1001");
    const receipt = await get(service, "1001", "receipt.pdf");
    expect(receipt.status).toBe(200);
    expect(receipt.headers.get("content-type")).toBe("application/pdf");
    expect(receipt.headers.get("content-disposition")).toBe('attachment; filename="receipt-TEST-R-000001.pdf"');
    const { text, title, language } = await readPdf(receipt.bytes);
    expect([title, language]).toEqual(["Receipt TEST-R-000001", "en"]);
    for (const part of ["Receipt", "Teehaus Müller GmbH", "Ελένη Żółć Иванова", "Order 1001", "pi_1001", "Stripe"])
      expect(text).toContain(part);
    expect(text).toContain("Total paid €28.55");
    expect(await service.parts.backend()?.documents.receiptFor("1001")).toEqual({
      fileName: "receipt-TEST-R-000001.pdf",
      pdf: Buffer.from(receipt.bytes),
    });
  });

  test("an invoice has each line with its tax, the tax of each rate, the total, and what was paid", async () => {
    const service = await start({
      documents: { ...DOCUMENTS, language: "de", note: ["Geschäftsführerin: Ida Müller"] },
    });
    await register(service, "1001");
    await pay(service, "1001");
    const { text, title, language } = await readPdf((await get(service, "1001", "invoice.pdf")).bytes);
    expect([title, language]).toEqual(["Rechnung TEST-I-000001", "de"]);
    for (const part of ["DE123456789", "USt-IdNr.: ATU12345678", "Kärntner Straße 5", "Geschäftsführerin: Ida Müller"])
      expect(text).toContain(part);
    expect(text).toContain("Darjeeling 2 7 % 0,70 10,70 TEA-1");
    expect(text).toContain("Φλιτζάνι, чашка, filiżanka 1 19 % 1,90 11,90 CUP-1");
    expect(text).toContain("Saucer 1 19 % 0,95 5,95 CUP-2");
    expect(text).toContain("Gesamtbetrag 28,55 €");
    expect(text).toContain("19 % 15,00 2,85 17,85 7 % 10,00 0,70 10,70");
    expect(text).toMatch(/pi_1001 .* Stripe 28,55/);
  });

  test("a document speaks the customer's language where it can, else the seller's", async () => {
    const service = await start({ documents: { ...DOCUMENTS, language: "de" } });
    for (const [order, locale] of [
      ["english", "en-GB"],
      ["french", "fr"],
    ]) {
      await register(service, order ?? "", { customer: { ...CUSTOMER, locale } });
      await pay(service, order ?? "");
    }
    expect((await readPdf((await get(service, "english", "receipt.pdf")).bytes)).text).toContain("Total paid");
    expect((await readPdf((await get(service, "french", "receipt.pdf")).bytes)).text).toContain("Bezahlt 28,55 €");
  });

  test("what the lines leave of the total is a line of its own, and without lines the order is one", async () => {
    const service = await start();
    await register(service, "more", { total: 3000 });
    await register(service, "less", { total: 2000 });
    await register(service, "none", { total: 500, lines: [] });
    for (const [order, amount] of [
      ["more", 3000],
      ["less", 2000],
      ["none", 500],
    ] as const)
      await pay(service, order, amount);
    const textOf = async (order: string) => (await readPdf((await get(service, order, "invoice.pdf")).bytes)).text;
    expect(await textOf("more")).toContain("Other items 1.45");
    expect(await textOf("less")).toContain("Discount -8.55");
    expect(await textOf("none")).toContain("Order none 5.00");
  });

  test("what was issued never changes, whatever becomes of the order", async () => {
    const service = await start();
    await register(service, "1001");
    await pay(service, "1001");
    const before = await Promise.all(["receipt.pdf", "invoice.pdf"].map((path) => get(service, "1001", path)));
    const change = { version: 1, customer: { name: "Somebody else" }, lines: [] };
    expect((await service.call("PATCH", "/v1/orders/1001", change)).status).toBe(200);
    expect((await giveBack(service, "1001", 1000, "c1")).json.status).toBe("partially_refunded");
    await service.call("POST", "/v1/orders/1001/cancel");
    const after = await Promise.all(["receipt.pdf", "invoice.pdf"].map((path) => get(service, "1001", path)));
    expect(after.map(({ bytes }) => Buffer.from(bytes).toString("base64"))).toEqual(
      before.map(({ bytes }) => Buffer.from(bytes).toString("base64")),
    );
  });

  test("fifty requests at once for one invoice issue one, byte for byte the same", { timeout: 60_000 }, async () => {
    const service = await start();
    await register(service, "1001");
    await register(service, "1002");
    await pay(service, "1001");
    await pay(service, "1002");
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(service, "1001", "invoice.pdf")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ bytes }) => Buffer.from(bytes).toString("base64"))).size).toBe(1);
    const next = await get(service, "1002", "invoice.pdf");
    expect(next.headers.get("content-disposition")).toContain("invoice-TEST-I-000002.pdf");
  });

  test("each refund has one credit note, which names the invoice and its part of the tax", async () => {
    const service = await start();
    await register(service, "1001");
    await pay(service, "1001");
    await giveBack(service, "1001", 571, "c1");
    const first = await get(service, "1001", "credit-notes");
    expect(first.json).toMatchObject({
      data: [{ number: "TEST-C-000001", invoice: "TEST-I-000001", currency: "EUR", amount: 571 }],
      next: null,
    });
    await giveBack(service, "1001", 2284, "c2");
    const both = await get(service, "1001", "credit-notes");
    expect(both.json.data.map(({ number, amount }: Record<string, unknown>) => [number, amount])).toEqual([
      ["TEST-C-000001", 571],
      ["TEST-C-000002", 2284],
    ]);
    expect(both.json.data[0]).toEqual(first.json.data[0]);
    expect((await get(service, "1001", "credit-notes")).json).toEqual(both.json);
    const note = await service.call("GET", both.json.data[0].pdf);
    expect(note.headers.get("content-disposition")).toBe('attachment; filename="credit-note-TEST-C-000001.pdf"');
    const { text } = await readPdf(note.bytes);
    for (const part of ["Credit note", "Corrects invoice TEST-I-000001", "Refund for order 1001", "Credited €5.71"])
      expect(text).toContain(part);
    // A fifth of the order was given back, and of its tax: 0.57 of 2.85, 0.14 of 0.70.
    expect(text).toContain("19 % 3.00 0.57 3.57 7 % 2.00 0.14 2.14");
  });

  test("a refund told by a sum and by itself has one credit note, in either order of arrival", async () => {
    const service = await start();
    const at = Math.floor(Date.now() / 1000) - 5;
    const event = (id: string, type: string, object: object) => ({
      id,
      type,
      object: "event",
      api_version: "2024-06-20",
      created: at,
      livemode: false,
      pending_webhooks: 1,
      data: { object },
    });
    const charge = (order: string) => ({
      id: `ch_pi_${order}`,
      object: "charge",
      amount: 2855,
      amount_captured: 2855,
      amount_refunded: 500,
      captured: true,
      currency: "eur",
      livemode: false,
      created: at,
      metadata: {},
      payment_intent: `pi_${order}`,
      refunded: false,
      status: "succeeded",
    });
    const refund = (order: string) => ({
      id: `re_${order}`,
      object: "refund",
      amount: 500,
      charge: `ch_pi_${order}`,
      created: at,
      currency: "eur",
      payment_intent: `pi_${order}`,
      status: "succeeded",
    });
    for (const [order, first] of [
      ["a", "sum"],
      ["b", "itself"],
    ] as const) {
      await register(service, order);
      await pay(service, order);
      const told = [
        event(`evt_c_${order}`, "charge.refunded", charge(order)),
        event(`evt_r_${order}`, "refund.created", refund(order)),
      ];
      for (const message of first === "sum" ? told : [...told].reverse()) {
        expect((await service.notify(message)).status).toBe(200);
        await eventually(
          () => get(service, order, "credit-notes"),
          ({ json }) => json.data.length > 0,
        );
      }
      await eventually(
        () => service.call("GET", "/v1/notifications?outcome=received"),
        ({ json }) => json.data.length === 0,
      );
      expect((await get(service, order, "credit-notes")).json.data).toMatchObject([{ amount: 500 }]);
    }
  });

  test("giving back what was paid too much corrects no invoice", async () => {
    const service = await start();
    await register(service, "1001", { payments: "several" });
    await pay(service, "1001");
    await service.call("POST", "/v1/orders/1001/payments", {
      ...{ reference: "b1", method: "bank_transfer", currency: "EUR", amount: 1000, by: "Kim", reason: "twice" },
    });
    expect((await giveBack(service, "1001", 1000, "c1")).json).toMatchObject({ status: "paid", refunded: 1000 });
    expect((await get(service, "1001", "credit-notes")).json.data).toEqual([]);
  });

  test("test orders are marked, and use up no number of a true one", async () => {
    const service = await start();
    for (const [order, live] of [
      ["test", false],
      ["true", true],
    ] as const) {
      await register(service, order, { live });
      await service.call("POST", `/v1/orders/${order}/payments`, {
        ...{ reference: "b1", method: "bank_transfer", currency: "EUR", amount: 2855, by: "Kim", reason: "transfer" },
      });
    }
    const trial = await get(service, "test", "invoice.pdf");
    const real = await get(service, "true", "invoice.pdf");
    expect(trial.headers.get("content-disposition")).toContain("invoice-TEST-I-000001.pdf");
    expect(real.headers.get("content-disposition")).toContain("invoice-I-000001.pdf");
    expect((await readPdf(trial.bytes)).text).toContain("Test: no money was moved");
    expect((await readPdf(real.bytes)).text).not.toMatch(/test/i);
  });

  test("an order that was never paid in full has none, and says so", async () => {
    const service = await start();
    await register(service, "open");
    for (const path of ["receipt.pdf", "invoice.pdf", "credit-notes"]) {
      const unpaid = await get(service, "open", path);
      expect([unpaid.status, unpaid.json.error]).toEqual([409, "not_paid"]);
      const unknown = await get(service, "nobody", path);
      expect([unknown.status, unknown.json.error]).toEqual([404, "not_found"]);
    }
    expect(await service.parts.backend()?.documents.receiptFor("open")).toBeNull();
    await pay(service, "open");
    const missing = await get(service, "open", "credit-notes/C-000001.pdf");
    expect([missing.status, missing.json.error]).toEqual([404, "not_found"]);
    const nonsense = await get(service, "open", "credit-notes/..%2Fx.pdf");
    expect([nonsense.status, nonsense.json.error]).toEqual([400, "invalid"]);
    const anonymous = await fetch(`${service.url}/v1/orders/open/receipt.pdf`);
    expect(anonymous.status).toBe(401);
  });

  test("without a seller there is a receipt, and no invoice", async () => {
    const seller = { name: "Teehaus", address: [], taxId: null, email: null, website: null };
    const service = await start({ documents: { ...DOCUMENTS, seller } });
    await register(service, "1001");
    await pay(service, "1001");
    expect((await get(service, "1001", "receipt.pdf")).status).toBe(200);
    for (const path of ["invoice.pdf", "credit-notes"]) {
      const refused = await get(service, "1001", path);
      expect([refused.status, refused.json.error]).toEqual([409, "seller_not_configured"]);
      expect(refused.json.message).toBe("an invoice names its seller: set SELLER_ADDRESS, SELLER_TAX_ID");
    }
  });

  test("currencies without decimals and with three are written as they are", async () => {
    const service = await start();
    await register(service, "yen", { currency: "JPY", total: 12345, lines: [] });
    await register(service, "dinar", { currency: "KWD", total: 12345, lines: [] });
    await pay(service, "yen", 12345, "jpy");
    await service.call("POST", "/v1/orders/dinar/payments", {
      ...{ reference: "b1", method: "cash", currency: "KWD", amount: 12345, by: "Kim", reason: "cash" },
    });
    expect((await readPdf((await get(service, "yen", "receipt.pdf")).bytes)).text).toContain("Total paid ¥12,345");
    expect((await readPdf((await get(service, "dinar", "receipt.pdf")).bytes)).text).toContain("Total paid KWD 12.345");
  });

  test("a thousand lines are many pages, each with the head of the table and its number", {
    timeout: 60_000,
  }, async () => {
    const service = await start();
    const lines = Array.from({ length: 1_000 }, (_, index) => ({
      ...{ sku: `S${index}`, name: `Thing number ${index}`, quantity: 1, amount: 10, taxRate: "19" },
    }));
    expect((await register(service, "long", { total: 10_000, lines })).status).toBe(201);
    await pay(service, "long", 10_000);
    const { pages, text } = await readPdf((await get(service, "long", "invoice.pdf")).bytes);
    expect(pages.length).toBeGreaterThan(20);
    for (const [index, page] of pages.entries()) expect(page).toContain(`Page ${index + 1} of ${pages.length}`);
    for (const page of pages.slice(0, -1)) expect(page).toContain("Item Qty Tax rate");
    for (const index of [0, 499, 999]) expect(text).toContain(`Thing number ${index}`);
    expect(text).toContain("Total €100.00");
    // Half up for each line: 0.02 of 0.10.
    expect(text).toContain("19 % 80.00 20.00 100.00");
  });
});
