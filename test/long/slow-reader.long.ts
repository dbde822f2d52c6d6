import { connect } from "node:net";
import { expect, test } from "vitest";
import { eventually, startService, succeeded, TOKEN } from "../http/service.ts";

/** More than the system's buffers take on both sides. */
const ASKED = 100;
const PADDING = 200_000;
/** Fifteen seconds without a byte, seen at the second of two looks. */
const PATIENCE_MS = 40_000;

test("whoever asks and never reads the answers is cut off, and others are served meanwhile", async () => {
  const service = await startService();
  const event = { ...succeeded({ intent: "pi_wide", order: "wide" }), padding: "x".repeat(PADDING) };
  await service.notify(event);
  const list = await eventually(
    () => service.call("GET", "/v1/notifications?limit=1"),
    (answer) => answer.json.data.length === 1,
  );
  const path = `/v1/notifications/${list.json.data[0].id}/body`;
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(service.url).port) });
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`.repeat(ASKED));
  const began = performance.now();
  for (let i = 0; performance.now() - began < PATIENCE_MS; i += 1) {
    expect((await service.notify(succeeded({ intent: `pi_${i}`, order: `${i}` }))).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  let read = 0;
  socket.on("data", (chunk) => {
    read += chunk.length;
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  await closed;
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(ASKED * PADDING);
  await service.close();
}, 120_000);
