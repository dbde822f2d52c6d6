import { openStore } from "../../src/store/open.ts";
import { documentOf } from "./contract/documents.ts";

/** A process of its own: `issuing-child.ts <url> <name>` issues invoices, says each one's number, and waits to be killed. */
const [url = "", name = ""] = process.argv.slice(2);

const store = await openStore({ url, now: () => new Date() });
for (let index = 0; ; index += 1) {
  const order = `${name}-${index}`;
  const [issued] = await store.documents.issue(order, () => [documentOf(order)]);
  process.stdout.write(`${issued?.number}\n`);
}
