import { generateKeyPairSync } from "node:crypto";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { issueCertificate } from "../../src/gateways/signing/issue-certificate.ts";
import { Guard } from "../../src/outbox/webhook/guard.ts";
import { createWebhookOutbound, type PostAnswer } from "../../src/outbox/webhook/outbound.ts";
import { describeOnEachDatabase } from "../end-to-end/databases.ts";
import { nobodyKnows, openStoreOn, register, runOutbox, tell, until } from "./running.ts";
import { answer, startSink } from "./sink.ts";

/** What merchants' servers do to those that call them, over real sockets. */

const TIMEOUT_MS = 700;

async function post(url: string, resolve = nobodyKnows): Promise<PostAnswer & { readonly tookMs: number }> {
  const guard = new Guard({ allow: [], production: false, resolve });
  const outbound = createWebhookOutbound({ version: "0", guard, timeoutMs: TIMEOUT_MS });
  onTestFinished(() => outbound.close());
  const began = performance.now();
  const message = { headers: { "webhook-id": "evt_1" }, body: "{}" };
  const result = await outbound.post(url, message, new AbortController().signal);
  return { ...result, tookMs: performance.now() - began };
}

/** Answers each connection with bytes of its own. */
async function rawServer(behave: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => behave(socket));
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // Proven: it listens on TCP.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

test("a port where nobody listens is refused", async () => {
  const sink = await startSink();
  const url = sink.url("/hook");
  await sink.close();
  expect(await post(url)).toMatchObject({ kind: "unreachable", reason: "refused" });
});

test("a name that nobody knows is unknown", async () => {
  const notFound = () => Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
  expect(await post("http://nowhere.example.com/", notFound)).toMatchObject({
    kind: "unreachable",
    reason: "name_unknown",
  });
});

test("a server that accepts and says nothing is left after the time for all of it", async () => {
  const answered = await post(await rawServer(() => {}));
  expect(answered).toMatchObject({ kind: "unreachable", reason: "timeout" });
  expect(answered.tookMs).toBeLessThan(TIMEOUT_MS + 2_000);
});

test("headers that trickle in are left after the time for all of it", async () => {
  const url = await rawServer((socket) => {
    const timer = setInterval(() => socket.write("x"), 50);
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    socket.on("close", () => clearInterval(timer));
  });
  expect(await post(url)).toMatchObject({ kind: "unreachable", reason: "timeout" });
});

test("a body that hangs or trickles takes nothing back of the status, and no longer than the time for all of it", async () => {
  const hanging = await post(
    await rawServer((socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")),
  );
  expect(hanging).toMatchObject({ kind: "answered", status: 200, shown: "half" });
  expect(hanging.tookMs).toBeLessThan(TIMEOUT_MS + 2_000);
  const trickling = await post(
    await rawServer((socket) => {
      socket.write("HTTP/1.1 500 Oops\r\ncontent-length: 1000000\r\n\r\n");
      const timer = setInterval(() => socket.write("."), 50);
      socket.on("close", () => clearInterval(timer));
    }),
  );
  expect(trickling).toMatchObject({ kind: "answered", status: 500 });
  expect(trickling.tookMs).toBeLessThan(TIMEOUT_MS + 2_000);
});

test("of an answer without an end 64 KiB are read, 256 bytes shown, and the connection is cut", async () => {
  let written = 0;
  let isClosed = false;
  const url = await rawServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10000000000\r\n\r\n");
    const more = (): void => {
      while (!socket.destroyed && socket.write("a".repeat(65_536))) written += 65_536;
    };
    socket.on("drain", more).on("close", () => {
      isClosed = true;
    });
    more();
  });
  const answered = await post(url);
  expect(answered).toMatchObject({ kind: "answered", status: 200, shown: "a".repeat(256) });
  await until(() => isClosed);
  expect(written, "what the kernel buffers, and no more").toBeLessThan(32 << 20);
});

test.each([301, 302, 303, 307, 308])("a redirect (%i) is not followed", async (status) => {
  const target = await startSink();
  onTestFinished(() => target.close());
  const sink = await startSink(() => answer(status, { location: target.url("/elsewhere") }));
  onTestFinished(() => sink.close());
  expect(await post(sink.url("/hook"))).toMatchObject({ kind: "answered", status });
  expect([sink.arrived.length, target.connections()]).toEqual([1, 0]);
});

test("a certificate that nobody vouches for is refused", async () => {
  const { key, cert } = selfSigned();
  const server = createTlsServer({ key, cert }, (_request, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  // Proven: it listens on TCP.
  const { port } = server.address() as AddressInfo;
  expect(await post(`https://127.0.0.1:${port}/`)).toMatchObject({ kind: "unreachable", reason: "tls" });
});

test("HTTP/1.0 is understood, and a connection that is closed without an answer is lost", async () => {
  const old = await rawServer((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nold"));
  expect(await post(old)).toMatchObject({ kind: "answered", status: 200, shown: "old" });
  const rude = await rawServer((socket) => socket.destroy());
  expect(await post(rude)).toMatchObject({ kind: "unreachable", reason: "connection_lost" });
});

test("a flood of 1xx answers ends with the time for all of it at the latest", async () => {
  const url = await rawServer((socket) => {
    const timer = setInterval(() => socket.write("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"), 1);
    socket.on("close", () => clearInterval(timer));
  });
  const answered = await post(url);
  expect(answered.kind).toBe("unreachable");
  expect(answered.tookMs).toBeLessThan(TIMEOUT_MS + 2_000);
});

describeOnEachDatabase("merchants' servers that fail", (open) => {
  test("each is tried again later for its own reason, and the others hear at once", async () => {
    const store = await openStoreOn(await open());
    const outbox = runOutbox(store, { timeoutMs: 2_000 });
    const fine = await startSink();
    onTestFinished(() => fine.close());
    const failing = await startSink((path) => {
      if (path === "/throttled") return answer(429, { "retry-after": "3600" });
      return path === "/moved" ? answer(302, { location: fine.url("/private") }) : answer(500);
    });
    onTestFinished(() => failing.close());
    const ids = new Map<string, string>();
    for (const [name, url] of [
      ["throttled", failing.url("/throttled")],
      ["moved", failing.url("/moved")],
      ["broken", failing.url("/broken")],
      ["silent", await rawServer(() => {})],
    ] as const) {
      ids.set((await register(outbox, url)).id, name);
    }
    await register(outbox, fine.url("/fine"));
    await tell(store, "one");
    await until(() => fine.at("/fine").length === 1);
    const page = { limit: 100, cursor: null };
    const failed = async () =>
      (await store.outbox.deliveries({ state: ["waiting"] }, page)).rows.filter(({ reason }) => reason !== null);
    await until(async () => (await failed()).length === 4, 20_000);
    const rows = await failed();
    expect(new Map(rows.map(({ receiver, reason }) => [ids.get(receiver), reason]))).toEqual(
      new Map([
        ["throttled", "too_many_requests"],
        ["moved", "redirect"],
        ["broken", "server_error"],
        ["silent", "timeout"],
      ]),
    );
    const throttled = rows.find(({ receiver }) => ids.get(receiver) === "throttled");
    expect(throttled?.dueAt?.getTime() ?? 0).toBeGreaterThan(Date.now() + 3_500_000);
    expect(fine.at("/private")).toEqual([]);
  }, 40_000);
});

function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const cert = issueCertificate({
    ...{ commonName: "127.0.0.1", dnsNames: ["localhost"], publicKey, serial: Buffer.of(1), usages: ["serverAuth"] },
    ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000), isAuthority: false },
    issuer: { commonName: "127.0.0.1", privateKey },
  });
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert };
}
