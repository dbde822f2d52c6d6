import type { Browser, Page } from "playwright-core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { randomOf } from "../../torture/random.ts";
import { skipWithout } from "../absent.ts";
import { readPdf } from "../documents/pdf-text.ts";
import type { Told } from "../http/sse.ts";
import { attachedPdf, type MailServer, startMailServer } from "../outbox/mail/mail-server.ts";
import { answer, hang, type Sink, startSink } from "../outbox/sink.ts";
import type { TestDatabase } from "../store/databases.ts";
import { browserIsAbsent, launchBrowser, openPage, sees } from "./browser.ts";
import { describeOnEachDatabase } from "./databases.ts";
import { followEvents, listEvents } from "./following.ts";
import { sendStripe, stripeRefund, stripeSale } from "./senders.ts";
import { eventually, type Server, startServer } from "./server.ts";

/** One payment and its refund, as everybody hears of them: the shop's system, its readers of events, and the buyer by mail and page. */

const REFERENCE = "4001";
const PAID = 2380;
const GIVEN_BACK = 500;
const BUYER = "canary.buyer@example.org";
/** What a killed process had claimed waits for its lease to end. */
const AFTER_LEASE_MS = 100_000;

const SEED = Number(process.env.PAYBELL_STORY_SEED ?? Date.now() % 1_000_000);

const absent = browserIsAbsent();

/** A step of the story, let run undisturbed or not; after it there are so many deliveries. */
type Act = (step: () => Promise<unknown>, deliveries: number) => Promise<void>;

interface Stage {
  readonly server: Server;
  readonly sink: Sink;
  readonly mail: MailServer;
  readonly page: Page;
  readonly problems: readonly string[];
  readonly secret: string;
  /** All that the stream told, once nothing more is to come. */
  told(): Promise<readonly Told[]>;
}

describeOnEachDatabase(
  "telling",
  (open) => {
    let browser: Browser;

    beforeAll(async () => {
      if (absent === null) browser = await launchBrowser();
    }, 60_000);
    afterAll(() => browser?.close());

    test.concurrent("a payment told in disorder, and its refund, reach each listener once, though the endpoint failed and hung at first", {
      timeout: 120_000,
    }, async (context) => {
      const stage = await setUp(context, open, browser);
      await play(stage, async (step, deliveries) => {
        await step();
        await eventually(() => areDelivered(stage.server, deliveries), AFTER_LEASE_MS);
      });
      await expectTheEnd(stage);
      expect(stage.problems).toEqual([]);
      expect(typesOf(stage.sink)).toEqual(["order.paid", "order.paid", "order.paid", "payment.refunded"]);
      expect(stage.mail.received).toHaveLength(2);
    });

    test.concurrent(`killed at any moment (PAYBELL_STORY_SEED=${SEED}) it ends the same, and what comes twice has the same id`, {
      timeout: 240_000,
    }, async (context) => {
      const stage = await setUp(context, open, browser);
      const random = randomOf(SEED, "kills");
      await play(stage, async (step) => {
        const kill = () => rest(random.between(0, 300)).then(() => stage.server.restart());
        await Promise.all([step(), kill()]);
        await kill();
      });
      await expectTheEnd(stage);
    });
  },
  { atOnce: true },
);

async function setUp(context: TestContext, open: () => Promise<TestDatabase>, browser: Browser): Promise<Stage> {
  skipWithout(context, absent);
  const database = await open();
  const mail = await startMailServer();
  const sink = await startSink(() => [answer(500), hang][sink.arrived.length - 1] ?? answer(200));
  const server = await startServer({
    databaseUrl: database.url,
    env: {
      ...{ SMTP_URL: mail.url, MAIL_FROM: "Tea Shop <shop@shop.example>", SELLER_NAME: "Tea Shop" },
      // That the money is on its way is told only if that is heard first: chance decides.
      MAIL_BUYER_EVENTS: "order.paid,payment.refunded",
    },
  });
  const endpoint = { url: sink.url("/hook"), events: ["order.paid", "payment.refunded"] };
  const { secret } = (await server.api("/v1/endpoints", { body: endpoint })).body;
  const order = await server.api("/v1/orders", {
    body: {
      ...{ reference: REFERENCE, currency: "USD", total: PAID, customer: { email: BUYER, name: "Ann", locale: "en" } },
      lines: [{ sku: "TEA-1", name: "Tea", quantity: 2, amount: PAID, taxRate: "19" }],
    },
  });
  const { page, problems } = await openPage(browser, `${server.url}${new URL(order.body.buyerUrl).pathname}`);
  let count = Number.POSITIVE_INFINITY;
  const following = followEvents(server, { cutEvery: 1, isOver: ({ length }) => length >= count });
  context.onTestFinished(async () => {
    count = 0;
    await following;
    await page.context().close();
    await server.stop();
    await sink.close();
    await mail.close();
    await database.drop();
  });
  return {
    ...{ server, sink, mail, page, problems, secret },
    async told() {
      count = (await listEvents(server)).length;
      return following;
    },
  };
}

async function play({ server, page }: Stage, act: Act): Promise<void> {
  await sees(page, "Waiting for your payment");
  await page.evaluate('document.documentElement.setAttribute("data-first", "yes")');
  const sale = stripeSale({ reference: REFERENCE, amount: PAID });
  await act(() => notify(server, randomOf(SEED, "order").shuffled([...sale, ...sale])), 2);
  await sees(page, "Paid", AFTER_LEASE_MS);
  const refund = stripeRefund({ reference: REFERENCE, amount: GIVEN_BACK });
  await act(() => notify(server, [refund, refund]), 4);
  await sees(page, "Partly refunded", AFTER_LEASE_MS);
  await eventually(() => areDelivered(server, 4), AFTER_LEASE_MS);
}

/** As Stripe does: again, until it is answered 200. */
async function notify(server: Server, events: readonly string[]): Promise<void> {
  for (const event of events) {
    const isTaken = async () => (await sendStripe(server, event).catch(() => null))?.status === 200;
    await eventually(isTaken, AFTER_LEASE_MS);
  }
}

/** After the second failure the next attempt is minutes away: a person who sees it sends it by hand. */
async function areDelivered(server: Server, count: number): Promise<boolean> {
  const { body } = await server.api(`/v1/deliveries?order=${REFERENCE}&limit=100`);
  for (const { id, state, attempts, dueAt } of body.data) {
    const isFarAway = state === "waiting" && attempts >= 2 && Date.parse(dueAt) > Date.now() + 60_000;
    if (isFarAway) await server.api(`/v1/deliveries/${id}/redeliver`, { method: "POST" });
  }
  const settled = body.data.filter(({ state }: { readonly state: string }) => state !== "waiting");
  return settled.length === body.data.length && settled.length >= count;
}

async function expectTheEnd(stage: Stage): Promise<void> {
  const { server, page } = stage;
  const { body: order } = await server.api(`/v1/orders/${REFERENCE}`);
  expect(order).toMatchObject({ status: "partially_refunded", paid: PAID, refunded: GIVEN_BACK });
  expectSignedOnce(stage);
  await expectMailedOnce(stage.mail);
  const told = await stage.told();
  expect(told.map(({ data }) => data.id)).toEqual(await listEvents(server));
  expect(told.filter(({ event }) => event === "order.paid")).toHaveLength(1);
  expect(await page.locator("#details").textContent()).toContain("$5.00");
  expect(await page.locator("html").getAttribute("data-first"), "it was never loaded again").toBe("yes");
  // A server that is still opening its database answers 503, and the page comes again.
  expect(stage.problems.filter((problem) => !problem.includes("status of 503"))).toEqual([]);
}

/** Of each event one id, however often it was sent. */
function expectSignedOnce({ sink, secret }: Stage): void {
  const verified = sink.arrived.map(({ body, headers }) => {
    const { type, data } = new Webhook(secret).verify(body, { ...headers }) as Verified;
    expect(headers["webhook-id"]).toBe(data.id);
    return `${type} ${data.id}`;
  });
  expect([...new Set(verified)].map((one) => one.split(" ")[0]).sort()).toEqual(["order.paid", "payment.refunded"]);
  const [paid] = sink.arrived.map(({ body }) => JSON.parse(body)).filter(({ type }) => type === "order.paid");
  expect(paid.data.order).toMatchObject({ reference: REFERENCE, status: "paid", total: PAID, paid: PAID });
}

interface Verified {
  readonly type: string;
  readonly data: { readonly id: string };
}

async function expectMailedOnce({ received }: MailServer): Promise<void> {
  expect(received.map(({ to }) => to)).toEqual(received.map(() => [BUYER]));
  const told = new Map(received.map(({ email }) => [email.messageId, email.subject]));
  // What a killed process left undone may come after what was told later.
  expect([...told.values()].sort()).toEqual([
    `[Test] Refund for order ${REFERENCE}: $5.00`,
    `[Test] Your order ${REFERENCE} is paid`,
  ]);
  for (const paid of received.filter(({ email }) => email.subject?.includes("is paid"))) {
    expect((await readPdf(attachedPdf(paid))).text).toContain("Total paid $23.80");
  }
}

function typesOf({ arrived }: Sink): readonly string[] {
  return arrived.map(({ body }) => JSON.parse(body).type);
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
