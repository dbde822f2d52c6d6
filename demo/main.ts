/**
 * `npm run demo -- [address] [data folder]`: tells a running Paybell a story by signed notifications of all three gateways, and
 * reads from its API what has become of it. Needs the test accounts of a start without configuration. Exits 1 when the end is
 * not as told.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestAccounts, testAccountsPath } from "../src/start/first-run.ts";
import { newId } from "./senders.ts";
import { type Order, Server } from "./server.ts";
import { type Ending, tellStory } from "./story.ts";

const [base = "http://127.0.0.1:8080", dataFolder = "./data"] = process.argv.slice(2);

const tell = (line: string): void => console.log(line);

try {
  process.exitCode = await demonstrate();
} catch (error) {
  console.error(`\nThe demo stopped: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function demonstrate(): Promise<number> {
  await requireServer();
  const accounts = JSON.parse(readPrivate(testAccountsPath(dataFolder))) as TestAccounts; // Proven: first-run.ts wrote it.
  const server = new Server(base, readPrivate(join(dataFolder, "api-token")).trim(), tell);
  tell(`Five orders, three gateways. Everything goes over HTTP to ${base}, signed as the gateways sign.`);
  const endings = await tellStory({ server, accounts, tell, run: newId().slice(0, 6).toLowerCase() });
  tell("\nWhat Paybell knows of each order, from GET /v1/orders/<reference>:");
  const differences: string[] = [];
  for (const ending of endings) {
    const order = await server.order(ending.reference);
    tellOrder(order);
    differences.push(...differencesOf(order, ending));
  }
  for (const difference of differences) console.error(`NOT AS TOLD: ${difference}`);
  tell(differences.length === 0 ? "\nEverything ended as told." : "");
  return differences.length === 0 ? 0 : 1;
}

async function requireServer(): Promise<void> {
  const alive = await fetch(`${base}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  if (!alive?.ok) throw new Error(`no Paybell answers at ${base}. Start one in another terminal: npm start`);
}

function readPrivate(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(
      `${path} can't be read. The demo needs a Paybell that was started without configuration, in test mode.`,
      { cause: error },
    );
  }
}

function tellOrder(order: Order): void {
  const { reference, status, currency, total, paid, refunded, fulfillable, buyerUrl, timeline } = order;
  const money = (amount: number) => `${(amount / 100).toFixed(2)} ${currency}`;
  tell(
    `\n${reference}  ${status.toUpperCase()}: ${money(paid)} of ${money(total)} paid, ${money(refunded)} refunded; ${fulfillable ? "ship it" : "nothing to ship by itself"}`,
  );
  tell(`    the buyer sees it at ${buyerUrl}`);
  for (const { at, kind, ...rest } of timeline)
    tell(`    ${String(at).slice(11, 23)}  ${String(kind).padEnd(12)}  ${inWords(rest)}`);
}

/** The entry's words as they stand; ids and empty ones are left out. */
function inWords(entry: Readonly<Record<string, unknown>>): string {
  return Object.entries(entry)
    .filter(
      ([name, value]) => value !== null && value !== 0 && !["id", "input", "notification", "payment"].includes(name),
    )
    .map(([, value]) => String(value))
    .join(" ");
}

function differencesOf(order: Order, ending: Ending): readonly string[] {
  const names = ["status", "paid", "refunded", "fulfillable"] as const;
  return names
    .filter((name) => order[name] !== ending[name])
    .map((name) => `${order.reference}: ${name} is ${order[name]}, and should be ${ending[name]}`);
}
