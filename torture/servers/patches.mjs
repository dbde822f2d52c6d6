// @ts-check
/**
 * Where a server under torture dies, and how it is broken on purpose: as edits of the sources, made in memory while a service
 * for the torture alone is built of them. So production code has no hook that anybody could pull.
 */

/** `file`: its path within src. @typedef {{ readonly file: string, readonly find: string, readonly put: string }} Edit */

const die = (/** @type {string} */ step) => `globalThis.__torture?.step("${step}");`;

/**
 * By the steps of the catalogue. K3, K7 and K12 die while the statement is under way: a thread beside the event loop kills.
 * @type {Readonly<Record<string, Edit>>}
 */
export const STEPS = {
  // A connection is accepted, nothing is read.
  K0: after(
    "http/server.ts",
    "app.server.maxConnections = 10_000;",
    `app.server.on("connection", () => { ${die("K0")} });`,
  ),
  // The body is read.
  K1: before("pipeline/receive.ts", "const verdict = await channel.verify(raw);", die("K1")),
  // The sender is proven.
  K2: after("pipeline/receive.ts", "const verdict = await channel.verify(raw);", die("K2")),
  // The journal's insert is under way.
  K3: before(
    "store/journal.ts",
    "const { stored, variants } = await store(context, distinct);",
    `globalThis.__torture?.soon("K3", 6);`,
  ),
  // It is committed, the answer is not sent.
  K4: after("pipeline/receive.ts", "journaled = await journal.push(input);", die("K4")),
  // The answer is sent.
  K5: before(
    "http/ipn.ts",
    "respond(parts, target.channel, answer, request, reply);",
    `reply.raw.once("finish", () => { ${die("K5")} });`,
  ),
  // A batch is taken for applying.
  K6: before("pipeline/applier.ts", "const applied = await this.#parts.apply(", die("K6")),
  // Inside the transaction of effects, before it writes.
  K7: before("pipeline/apply.ts", "await transaction.write(\n    changeSet({", die("K7")),
  // Inside it, while some tables are written.
  K7b: {
    file: "store/write.ts",
    find: "() => writeEvents(context, changes.events),",
    put: `() => { ${die("K7b")} return writeEvents(context, changes.events); },`,
  },
  // Its commit is under way.
  K7c: after(
    "store/write.ts",
    "writeHeard(context, held, changes.outcomes).catch(() => undefined);",
    `globalThis.__torture?.soon("K7c", 6);`,
  ),
  // It is committed, and nothing else of the applier is done.
  K8: after("pipeline/applier.ts", "batch.map(({ input }) => input),\n        lease.owner,\n      );", die("K8")),
  // A verifier has answered, and nothing is made of it yet.
  K8b: after("pipeline/ask-later.ts", "const step = await this.#stepFor(input, channel);", die("K8b")),
  // Deliveries are claimed, nothing is sent.
  K9: after(
    "outbox/dispatcher.ts",
    "const { deliveries, againInMs } = await outbox.claim(request);",
    `if (deliveries.length > 0) { ${die("K9")} }`,
  ),
  // An event is sent and the endpoint has answered, nothing of it is recorded.
  K10: before("outbox/webhook/courier.ts", "if (status >= 200 && status < 300)", die("K10")),
  // The mail server has taken a mail, and nothing of it is recorded.
  K11: before("outbox/mail/mailer.ts", `return { kind: "delivered", answer: shown(response) };`, die("K11")),
  // Migrations are under way.
  K12: before(
    "store/schema-engine.ts",
    "const { appliedMigrationNames } = await engine.applyMigrations({",
    `globalThis.__torture?.soon("K12", 60);`,
  ),
};

/**
 * Made to each server: what takes minutes and hours of a merchant's day takes seconds of a run, as gateways' own pauses do
 * here. Nothing else is different.
 * @type {readonly Edit[]}
 */
export const PACE = [
  // Tried again after 5 s, 5 s, 30 s, 2 min: what is left at the end is pulled in by hand.
  { file: "outbox/retry.ts", find: "const MINUTE = 60 * SECOND;", put: "const MINUTE = SECOND;" },
  // Nobody can pull in the mail of a server that is back, and a run does not wait for a quarter of an hour.
  { file: "outbox/breaker.ts", find: "longestPauseMs: 15 * 60_000,", put: "longestPauseMs: 10_000," },
  // As long as that of the journal.
  { file: "outbox/start.ts", find: "const LEASE_MS = 60_000;", put: "const LEASE_MS = 30_000;" },
];

/**
 * Each breaks one law. A torture that does not see it is worth nothing.
 * @type {Readonly<Record<string, readonly Edit[]>>}
 */
export const MUTATIONS = {
  // A repeated notification fails its whole batch on the unique key instead of being passed over.
  "drop-conflict-clause": [
    { file: "store/journal.ts", find: "on conflict (gateway, account, key, body_hash) do nothing", put: "" },
  ],
  // The answer leaves while the commit is still under way.
  "answer-before-commit": [
    {
      file: "pipeline/receive.ts",
      find: "journaled = await journal.push(input);",
      put: `journal.push(input).then((row) => row.result !== "duplicate" && this.#handOn({ ...input, id: row.id }), () => undefined);
            journaled = { id: input.id, result: "duplicate" };`,
    },
  ],
  // What arrives last is taken for the newest, whatever the provider's clock says.
  "apply-by-arrival": [
    {
      file: "pipeline/fact-key.ts",
      find: "return fact.at <= receivedAt ? fact : { ...fact, at: receivedAt };",
      put: "return { ...fact, at: receivedAt };",
    },
  ],
  // An order takes its goods again with each change, as if it had taken none.
  "forget-what-was-taken": [
    {
      file: "pipeline/effects/stock.ts",
      find: "taken.set(sku, isCounted ? (taken.get(sku) ?? 0) + number : null);",
      put: "taken.set(sku, isCounted ? 0 : null);",
    },
  ],
};

/** Every step is built in; which one kills is each process's own plan. @param {string | null} mutation @returns {readonly Edit[]} */
export function editsFor(mutation) {
  return [...PACE, ...Object.values(STEPS), ...(mutation === null ? [] : (MUTATIONS[mutation] ?? []))];
}

/** @param {string} file @param {string} find @param {string} text @returns {Edit} */
function before(file, find, text) {
  return { file, find, put: `${text} ${find}` };
}

/** @param {string} file @param {string} find @param {string} text @returns {Edit} */
function after(file, find, text) {
  return { file, find, put: `${find} ${text}` };
}
