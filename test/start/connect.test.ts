import { pino } from "pino";
import { expect, test } from "vitest";
import { keepConnecting } from "../../src/start/connect.ts";
import { StoreError } from "../../src/store/store.ts";

const log = pino({ level: "silent" });

/** Waits pass at once; how long they were asked for is kept. */
function waits() {
  const asked: number[] = [];
  return {
    asked,
    wait: async (ms: number) => {
      asked.push(ms);
    },
  };
}

function failing(times: number, error: Error) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw error;
    return `opened at try ${calls}`;
  };
}

const unreachable = new StoreError("unavailable", "nobody answers");

test("a database that comes late is opened without a restart, with longer and longer pauses up to a bound", async () => {
  const { asked, wait } = waits();
  const connecting = keepConnecting({ open: failing(7, unreachable), giveUpAfterMs: null, log, wait });
  expect(connecting.current()).toBeNull();
  expect(await connecting.opened).toBe("opened at try 8");
  expect(connecting.current()).toBe("opened at try 8");
  expect(asked).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("a connection that breaks off while a start writes its token ends no process", async () => {
  const cut = new StoreError("unknown_commit", "commit: the connection was lost before its answer came");
  const connecting = keepConnecting({ open: failing(1, cut), giveUpAfterMs: null, log, wait: waits().wait });
  expect(await connecting.opened).toBe("opened at try 2");
});

test("what no waiting can change is final at once", async () => {
  const newer = new StoreError("conflict", "a newer version made it");
  const connecting = keepConnecting({ open: failing(1, newer), giveUpAfterMs: null, log, wait: waits().wait });
  await expect(connecting.opened).rejects.toBe(newer);
});

test("a file that stays taken is given up after its time", async () => {
  const connecting = keepConnecting({ open: failing(100, unreachable), giveUpAfterMs: 3_000, log, wait: waits().wait });
  await expect(connecting.opened).rejects.toBe(unreachable);
});

test("stopping ends the trying, and hands over what was open", async () => {
  const opened = keepConnecting({ open: async () => "open", giveUpAfterMs: null, log });
  await opened.opened;
  expect(await opened.stop()).toBe("open");
  const never = keepConnecting({
    open: failing(1_000, unreachable),
    giveUpAfterMs: null,
    log,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))),
  });
  expect(await never.stop()).toBeNull();
  await expect(never.opened).rejects.toBe(unreachable);
});
