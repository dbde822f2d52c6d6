import { prepareRequests } from "./notifications.ts";
import type { FromGenerator, ToGenerator } from "./protocol.ts";
import { LoadRun } from "./run-load.ts";

/** The generator's process: prepares when told, sends when told, tells what came back. */

const PROGRESS_MS = 500;

let prepared: LoadRun | null = null;

function tell(message: FromGenerator): void {
  process.send?.(message);
}

process.on("message", (message: ToGenerator) => {
  switch (message.kind) {
    case "prepare":
      prepared = new LoadRun(message.load, prepareRequests(message.load));
      return tell({ kind: "prepared" });
    case "allow":
      return prepared?.allow(message.upTo);
    case "run":
      if (prepared !== null) void run(prepared);
      return;
  }
});

async function run(load: LoadRun): Promise<void> {
  const progress = setInterval(() => tell({ kind: "progress", acknowledged: load.acknowledged }), PROGRESS_MS);
  const result = await load.run();
  clearInterval(progress);
  prepared = null;
  tell({ kind: "done", result });
}

process.on("disconnect", () => process.exit(0));
tell({ kind: "ready" });
