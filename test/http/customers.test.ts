import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, eventually, type Service, startService, succeeded } from "./service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const get = (path: string) => service.call("GET", path);

describe("customers", () => {
  test("one is found by any spelling of the e-mail, and read with its orders and payments", async () => {
    const order = { currency: "USD", total: 1999, customer: { email: "Ann@Example.com", name: "Ann" } };
    await service.call("POST", "/v1/orders", { ...order, reference: "cust-1" });
    await service.call("POST", "/v1/orders", { ...order, reference: "cust-2" });
    await service.call("POST", "/v1/orders", { ...order, reference: "cust-3", customer: { email: "bea@example.com" } });
    const intent = succeeded({ intent: "pi_cust1", order: "cust-1" });
    await service.notify({ ...intent, data: { object: { ...intent.data.object, receipt_email: "ann@example.com" } } });
    const found = await get("/v1/customers?email=%20ANN@example.com");
    expect(found.json).toEqual({
      data: [
        {
          ...{ id: expect.stringMatching(/^cus_/), live: false, name: "Ann", emails: ["ann@example.com"], payers: [] },
          ...{ aliases: [], createdAt: expect.any(String) },
        },
      ],
      next: null,
    });
    const [{ id }] = found.json.data;
    const customer = await eventually(
      () => get(`/v1/customers/${id}`),
      ({ json }) => json.payments?.data.length === 1,
    );
    expect(customer.json.orders.data.map(({ reference }: { reference: string }) => reference).sort()).toEqual([
      "cust-1",
      "cust-2",
    ]);
    expect(customer.json.payments.data).toMatchObject([{ reference: "pi_cust1", status: "paid" }]);
    expect((await get(`/v1/orders?customer=${id}&limit=1`)).json.data).toHaveLength(1);
    expect((await get(`/v1/payments?customer=${id}`)).json.data).toHaveLength(1);
    expect((await get("/v1/customers?limit=1")).json.next).not.toBeNull();
    expect((await get("/v1/customers?live=true")).json.data).toEqual([]);
  });

  test("nobody is 404, no e-mail 400, and without a token nobody reads", async () => {
    expect((await get("/v1/customers/cus_0000000000aaaa")).status).toBe(404);
    expect((await get("/v1/customers?email=ann")).json.fields).toEqual([
      { path: "email", message: "is no e-mail address" },
    ]);
    expect((await get("/v1/customers?email=none@example.com")).json.data).toEqual([]);
    expect((await ask(`${service.url}/v1/customers`)).status).toBe(401);
  });
});
