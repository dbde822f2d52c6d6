import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { skipWithout } from "../absent.ts";
import { startServer } from "./server.ts";

/** Many who come at once. */

const SENDERS = 1_500;
/** Linux tries again after a second whom it had to drop. */
const WITHIN_MS = 900;

test("fifteen hundred connect at once while the process has no time for them, and are answered when it has", async (context) => {
  skipWithout(context, mostWaiting() < SENDERS ? `this system lets fewer than ${SENDERS} connections wait` : null);
  const server = await startServer({});
  server.signal("SIGSTOP");
  const sockets = Array.from({ length: SENDERS }, () => connect({ host: "127.0.0.1", port: server.port }));
  for (const socket of sockets) socket.on("error", () => undefined);
  await pause(WITHIN_MS);
  expect(sockets.filter(({ readyState }) => readyState === "open")).toHaveLength(SENDERS);
  server.signal("SIGCONT");
  const answers = await Promise.all(sockets.map(isAlive));
  expect(answers.filter((isAnswered) => !isAnswered)).toEqual([]);
  expect(await server.stop()).toBe(0);
}, 60_000);

/** For any process; where there is no /proc it is not known to be enough. */
function mostWaiting(): number {
  const file = "/proc/sys/net/core/somaxconn";
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
}

function isAlive(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk.toString("latin1").startsWith("HTTP/1.1 200 "));
    });
    socket.once("close", () => resolve(false));
    socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}
