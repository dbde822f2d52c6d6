import type { TestAccounts } from "../src/start/first-run.ts";
import { forged, newId, paypalCapture, paypalIpn, paypalRefund, stripePayment } from "./senders.ts";
import type { Order, Server } from "./server.ts";

/** The story: five orders, three gateways, and what goes wrong on an ordinary day. */

export interface Stage {
  readonly server: Server;
  readonly accounts: TestAccounts;
  readonly tell: (line: string) => void;
  /** Distinguishes this run's orders from those of earlier ones. */
  readonly run: string;
}

/** An order and what must be true of it in the end. */
export interface Ending {
  readonly reference: string;
  readonly status: string;
  readonly paid: number;
  readonly refunded: number;
  readonly fulfillable: boolean;
}

const WAIT_MS = 10_000;
const TEA = { amount: 1999, currency: "USD" };
const TEAPOT = { amount: 4500, currency: "EUR" };

export async function tellStory(stage: Stage): Promise<readonly Ending[]> {
  const chapters = [paidByStripe, paidByPaypal, paidByCheck, forgedByMallory, paidTooLittle];
  const endings: Ending[] = [];
  for (const [index, chapter] of chapters.entries()) {
    stage.tell("");
    endings.push(await chapter(stage, `demo-${stage.run}-${index + 1}`));
  }
  return endings;
}

async function paidByStripe({ server, accounts, tell }: Stage, reference: string): Promise<Ending> {
  tell("1. Ann orders tea for 19.99 USD. The shop tells Paybell what it expects, Stripe tells what happened:");
  tell("   an intent and its charge, two notifications about one purchase. The money is counted once.");
  await server.register(reference, TEA.amount, TEA.currency);
  const notifications = stripePayment(accounts, reference, TEA);
  for (const notification of notifications) await expectAnswer(server.notify(notification), 200);
  await until(server, reference, "paid");
  tell("   Stripe did not hear our answer and sends the first one again. It is acknowledged, and changes nothing:");
  for (const notification of notifications.slice(0, 1)) await expectAnswer(server.notify(notification), 200);
  return { reference, status: "paid", paid: 1999, refunded: 0, fulfillable: true };
}

async function paidByPaypal({ server, accounts, tell }: Stage, reference: string): Promise<Ending> {
  tell("2. Bob pays a teapot for 45.00 EUR with PayPal. PayPal's signature is checked with its certificate:");
  await server.register(reference, TEAPOT.amount, TEAPOT.currency);
  const capture = newId();
  await expectAnswer(server.notify(paypalCapture(accounts, capture, reference, TEAPOT)), 200);
  await until(server, reference, "paid");
  tell("   The lid is chipped; the shop gives 12.50 EUR back:");
  await expectAnswer(server.notify(paypalRefund(accounts, capture, reference, { amount: 1250, currency: "EUR" })), 200);
  await until(server, reference, "partially_refunded");
  return { reference, status: "partially_refunded", paid: 4500, refunded: 1250, fulfillable: true };
}

async function paidByCheck({ server, accounts, tell }: Stage, reference: string): Promise<Ending> {
  tell(
    "3. José pays by bank transfer, told by PayPal's classic IPN. Such messages carry no signature: each is sent back to PayPal,",
  );
  tell("   which says whether it is its own. First the money is only on its way, so nothing is shipped:");
  await server.register(reference, TEA.amount, TEA.currency);
  const transaction = newId();
  const common = { transaction, order: reference, money: TEA };
  await expectAnswer(server.notify(paypalIpn(accounts, { ...common, status: "Pending" })), 200);
  await untilPayment(server, reference, "pending");
  await until(server, reference, "open");
  tell("   Days later (here: at once) the bank has paid:");
  await expectAnswer(server.notify(paypalIpn(accounts, { ...common, status: "Completed" })), 200);
  await until(server, reference, "paid");
  return { reference, status: "paid", paid: 1999, refunded: 0, fulfillable: true };
}

async function forgedByMallory({ server, accounts, tell }: Stage, reference: string): Promise<Ending> {
  tell("4. Mallory wants tea without paying, and writes the notification herself. She doesn't know the secret:");
  await server.register(reference, TEA.amount, TEA.currency);
  for (const notification of stripePayment(accounts, reference, TEA))
    await expectAnswer(server.notify(forged(notification)), 401);
  return { reference, status: "open", paid: 0, refunded: 0, fulfillable: false };
}

async function paidTooLittle({ server, accounts, tell }: Stage, reference: string): Promise<Ending> {
  tell(
    "5. Eve changes the price in a payment link and pays 1.00 USD for tea of 19.99 USD. The notification is genuine and the money",
  );
  tell("   real, so it is recorded; but it is not what the shop expects, so it is held until a person decides:");
  await server.register(reference, TEA.amount, TEA.currency);
  for (const notification of stripePayment(accounts, reference, { ...TEA, amount: 100 }))
    await expectAnswer(server.notify(notification), 200);
  await untilPayment(server, reference, "paid");
  const [payment] = await server.payments(reference);
  if (payment?.counts !== false || !payment.held.includes("amount_mismatch")) {
    throw new Error(`the payment of ${reference} should be held for its amount, and is ${JSON.stringify(payment)}`);
  }
  tell(`   Payment ${payment.id} is held: ${payment.held.join(", ")}.`);
  return { reference, status: "open", paid: 0, refunded: 0, fulfillable: false };
}

async function expectAnswer(answer: Promise<number>, expected: number): Promise<void> {
  const status = await answer;
  if (status !== expected) throw new Error(`that was answered ${status}, and should have been ${expected}`);
}

/** Notifications are stored before they are answered and understood right after: a moment's patience. */
async function until(server: Server, reference: string, status: string): Promise<Order> {
  return patiently(`order ${reference} is ${status}`, async () => {
    const order = await server.order(reference);
    return order.status === status ? order : null;
  });
}

async function untilPayment(server: Server, reference: string, status: string): Promise<void> {
  await patiently(`a payment of ${reference} is ${status}`, async () => {
    const payments = await server.payments(reference);
    return payments.some((payment) => payment.status === status) ? true : null;
  });
}

async function patiently<Value>(what: string, look: () => Promise<Value | null>): Promise<Value> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (Date.now() > deadline) throw new Error(`after ${WAIT_MS / 1000} s it is still not so that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
