import { createRequire } from "node:module";
import Fastify from "fastify";

/** A minimal route before @supabase/stripe-sync-engine, with ten connections: its default. */

const {
  DATABASE_URL: databaseUrl = "",
  STRIPE_WEBHOOK_SECRET: stripeWebhookSecret = "",
  PORT: port = "0",
} = process.env;
const poolConfig = { connectionString: databaseUrl, max: 10 };

/** The part of it that is used: it is installed only where the benchmark runs, so no type checker may need it. */
interface SyncEngine {
  readonly runMigrations: (config: { databaseUrl: string; schema: string }) => Promise<void>;
  readonly StripeSync: new (config: {
    poolConfig: typeof poolConfig;
    stripeSecretKey: string;
    stripeWebhookSecret: string;
  }) => { processWebhook(payload: Buffer, signature: string | undefined): Promise<void> };
}

// Required, because as an ES module 0.48.5 looks for its migrations by a name that only CommonJS has, and passes over them.
// Proven by its own types, index.d.ts of that version, which is pinned in bench/package.json.
const { runMigrations, StripeSync } = createRequire(import.meta.url)("@supabase/stripe-sync-engine") as SyncEngine;

await runMigrations({ databaseUrl, schema: "stripe" });
const sync = new StripeSync({ poolConfig, stripeSecretKey: "sk_test_bench", stripeWebhookSecret });

const app = Fastify({ logger: { level: "info" } });
app.removeAllContentTypeParsers();
app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.get("/ready", () => "ready");
app.post("/", async (request) => {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  await sync.processWebhook(body, String(request.headers["stripe-signature"]));
  return { received: true };
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
process.once("SIGTERM", () => process.exit(0));
