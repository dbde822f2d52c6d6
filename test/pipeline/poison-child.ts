import { openStore } from "../../src/store/open.ts";
import { run } from "./running.ts";

/** A process of its own: `poison-child.ts <url>` applies what waits, and dies at once of a notification that says "poison". */
const [url = ""] = process.argv.slice(2);

const parse = JSON.parse;
JSON.parse = (text: string, ...rest) => {
  if (text.includes('"poison"')) process.kill(process.pid, "SIGKILL");
  return parse(text, ...rest);
};

run(await openStore({ url, now: () => new Date() }));
process.stdout.write("running\n");
