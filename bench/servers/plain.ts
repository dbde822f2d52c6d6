import { createHash, randomUUID } from "node:crypto";
import { PrismaPg } from "@prisma/adapter-pg";
import Fastify from "fastify";
import Stripe from "stripe";
import { PrismaClient } from "../../src/store/generated/postgresql/client.ts";

/** Verify, then one interactive transaction: the notification, the payment, its order, and the event for others. */

const { DATABASE_URL: connectionString = "", STRIPE_WEBHOOK_SECRET: secret = "", PORT: port = "0" } = process.env;
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString, max: 10 }) });
const PATIENCE = { maxWait: 20_000, timeout: 20_000 };

const app = Fastify({ logger: { level: "info" } });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.get("/ready", () => "ready");
app.post("/", async (request, reply) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const event = eventOf(body, String(request.headers["stripe-signature"]));
  if (event === null) return reply.code(401).send({ error: "not_authentic" });
  await store(event, body);
  return { received: true };
});

function eventOf(body: Buffer, signature: string): Stripe.Event | null {
  try {
    return Stripe.webhooks.constructEvent(body, signature, secret);
  } catch {
    return null;
  }
}

function store(event: Stripe.Event, body: Buffer): Promise<unknown> {
  return prisma.$transaction(async (transaction) => {
    const known = await transaction.input.findFirst({
      where: { gateway: "stripe", account: "default", key: event.id },
      select: { id: true },
    });
    if (known !== null) return;
    const now = new Date();
    const intent = event.type === "payment_intent.succeeded" ? event.data.object : null;
    const payment = intent === null ? null : `pay_${intent.id}`;
    await transaction.input.create({
      data: {
        ...{ id: `ntf_${randomUUID()}`, kind: "notification", gateway: "stripe", account: "default", key: event.id },
        ...{ bodyHash: createHash("sha256").update(body).digest("hex"), body: Uint8Array.from(body) },
        ...{ headers: "{}", query: "", receivedAt: now, state: "applied", type: event.type, live: event.livemode },
        ...{ payment, settledAt: now },
      },
    });
    if (intent === null || payment === null) return;
    const state = JSON.stringify({ reference: intent.id, status: "paid", captured: intent.amount_received });
    await transaction.payment.upsert({
      where: { id: payment },
      create: {
        ...{ id: payment, provider: "stripe", account: "default", live: event.livemode, gateways: ",stripe," },
        ...{ reference: intent.id, status: "paid", sequence: 1, createdAt: now, changedAt: now, state },
      },
      update: { status: "paid", changedAt: now, state, sequence: { increment: 1 } },
    });
    const order = intent.metadata.order_id ?? intent.id;
    await transaction.order.upsert({
      where: { reference: order },
      create: { reference: order, status: "paid", sequence: 1, createdAt: now, changedAt: now, state: "{}" },
      update: { status: "paid", changedAt: now, sequence: { increment: 1 } },
    });
    await transaction.event.create({
      data: {
        ...{ id: `evt_${randomUUID()}`, type: "payment.paid", key: `payment.paid:${intent.id}`, payment, order },
        ...{ sequence: 1, at: now, snapshot: JSON.stringify(intent) },
      },
    });
  }, PATIENCE);
}

await app.listen({ host: "127.0.0.1", port: Number(port) });
process.once("SIGTERM", () => process.exit(0));
