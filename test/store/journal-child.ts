import { openStore } from "../../src/store/open.ts";
import type { JournalPlace, SealMark } from "../../src/store/store.ts";
import { inputOf } from "./rows.ts";

/**
 * A process of its own, to be killed: `journal-child.ts <url> <keys>` journals the keys, says `journaled` and waits;
 * `journal-child.ts <url>` says `emptying` and empties body by body; `journal-child.ts <url> sealing` says `sealing` and seals.
 */
const [url = "", keys = ""] = process.argv.slice(2);

const store = await openStore({ url, now: () => new Date() });
if (keys === "") await emptyForEver();
if (keys === "sealing") await sealForEver();
const inputs = keys.split(",").map((key) => inputOf(key));
await store.journal(inputs, { owner: `child-${process.pid}`, forMs: 60_000 });
process.stdout.write("journaled\n");
setInterval(() => undefined, 60_000);

async function emptyForEver(): Promise<never> {
  let after: JournalPlace | null = null;
  for (;;) {
    const page: { readonly next: JournalPlace | null } = await store.emptyBodies({
      before: new Date(),
      after,
      limit: 5,
    });
    if (after === null) process.stdout.write("emptying\n");
    after = page.next;
  }
}

async function sealForEver(): Promise<never> {
  process.stdout.write("sealing\n");
  let mark: SealMark | null = null;
  for (;;) ({ mark } = await store.seal(mark));
}
