import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import { Rules } from "../pipeline/rules.ts";
import { keysOfEmail } from "../recovery/erasing.ts";
import { type Forgotten, forget, whoIs } from "../recovery/forget.ts";
import { FAILED, withDatabase } from "./opening.ts";

const now = (): Date => new Date();

const OPTIONS = { by: { type: "string" }, documents: { type: "boolean" }, json: { type: "boolean" } } as const;

/** `paybell forget`: 0 forgotten, also where nothing was known; 1 something waits and is still there; 2 it could not be done. */
export async function forgetCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (typeof options === "string") {
    process.stderr.write(`paybell: ${options}\n`);
    return FAILED;
  }
  const { who, by, documents, json } = options;
  return withDatabase({ writing: true, now }, async ({ config, accounts, audit }) => {
    const person = await audit.snapshot((view) => whoIs(view, who));
    const rules = new Rules(accounts, config);
    const forgotten = await forget({ audit, rules, now, ...person, by, documents });
    process.stdout.write(json ? `${JSON.stringify(forgotten)}\n` : told(forgotten));
    return forgotten.waiting > 0 ? 1 : 0;
  });
}

function readOptions(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      ...{ args: [...args], options: OPTIONS, strict: true, allowPositionals: true },
    });
    const [who, ...more] = positionals;
    if (who === undefined || more.length > 0) return "forget takes one e-mail or one customer's id";
    if (!who.startsWith("cus_") && keysOfEmail(who) === null) return "that is neither an e-mail nor a customer's id";
    return {
      who,
      by: values.by ?? userInfo().username,
      documents: values.documents ?? false,
      json: values.json ?? false,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function told(forgotten: Forgotten): string {
  const { payments, orders, inputs, events, customers, documents, documentsKept, waiting } = forgotten;
  const erased = [
    [payments, "payments: who paid"],
    [orders, "orders: the customer, in all that was decided about them"],
    [inputs, "notifications and other inputs: bodies, headers, queries"],
    [events, "events: who is named in what was told"],
    [customers, "customers, with their e-mails and payers' ids"],
    [documents, "issued documents: the buyer's name and address"],
  ] as const;
  const lines = erased.filter(([count]) => count > 0).map(([count, what]) => `  ${count} ${what}\n`);
  if (lines.length === 0 && waiting === 0) return "Nothing is known of them.\n";
  const kept = [
    "  amounts, states, times, references and hashes: the books need them, and they name nobody\n",
    documentsKept > 0
      ? `  ${documentsKept} issued documents as they are: bookkeeping law asks for them; --documents erases the buyer there too\n`
      : "",
  ];
  const late = waiting > 0 ? `${waiting} notifications still wait to be worked on: run it again when they are.\n` : "";
  return `Erased:\n${lines.join("")}Kept:\n${kept.join("")}${late}`;
}
