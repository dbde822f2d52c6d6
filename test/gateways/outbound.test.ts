import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type Outbound, OutboundError } from "../../src/gateways/gateway.ts";
import { type ClosableOutbound, createOutbound } from "../../src/gateways/outbound.ts";
import { makeTestAuthority } from "../../src/gateways/stand-in.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const port = await listen(server);
  closing.push(() => server.closeAllConnections());
  return `http://127.0.0.1:${port}`;
}

function open(...origins: readonly string[]): ClosableOutbound {
  const outbound = createOutbound(origins, { version: "1.2.3", loopbackHttp: true });
  closing.push(() => outbound.close());
  return outbound;
}

async function refusal(asked: ReturnType<Outbound["request"]>): Promise<string> {
  const error: unknown = await asked.then(
    () => expect.fail("there was an answer"),
    (reason: unknown) => reason,
  );
  return error instanceof OutboundError ? error.reason : expect.fail(String(error));
}

const ok = (_: IncomingMessage, response: ServerResponse): void => void response.end("ok");

describe("an answer", () => {
  test("comes with its status, headers in lower case and body, whatever the status is", async () => {
    const origin = await serve((_, response) => {
      response.writeHead(503, { "Retry-After": "7", "X-Many": ["a", "b"] }).end("later");
    });
    const answer = await open(origin).request({ method: "GET", url: `${origin}/x?y=1` });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("7");
    expect(answer.headers.get("x-many")).toBe("a, b");
    expect(Buffer.from(answer.body).toString()).toBe("later");
  });

  test("follows a request that says who asks and what was given", async () => {
    const seen: string[] = [];
    const origin = await serve((request, response) => {
      request.setEncoding("latin1").on("data", (chunk: string) => seen.push(chunk));
      seen.push(`${request.method} ${request.url} ${request.headers["user-agent"]} ${request.headers["x-own"]}`);
      request.on("end", () => response.end());
    });
    const body = new Uint8Array([0, 255, 37]);
    await open(origin).request({ method: "POST", url: `${origin}/p`, body, headers: { "x-own": "1" } });
    expect(seen).toEqual(["POST /p Paybell/1.2.3 1", "\u0000\u00ff%"]);
  });

  test("may have exactly as many bytes as allowed", async () => {
    const origin = await serve((_, response) => void response.end("x".repeat(1000)));
    const answer = await open(origin).request({ method: "GET", url: origin, maxBytes: 1000 });
    expect(answer.body.byteLength).toBe(1000);
  });
});

describe("no answer is taken", () => {
  test("from a host that is not among the origins, by whatever spelling", async () => {
    let asked = 0;
    const origin = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const { port } = new URL(origin);
    const outbound = open(origin);
    const others = [
      `http://127.0.0.1:${port}.evil.example/`,
      `http://user@127.0.0.1:${port}/`,
      `http://user:pass@127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
      "http://127.0.0.1/",
      "not a url",
      "file:///etc/passwd",
    ];
    for (const url of others) expect(await refusal(outbound.request({ method: "GET", url })), url).toBe("refused_host");
    expect(asked).toBe(0);
  });

  test.each([301, 302, 303, 307, 308, 304])("where it is a redirect (%i), which is not followed", async (status) => {
    const paths: (string | undefined)[] = [];
    const origin = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(status, { location: "/elsewhere" }).end();
    });
    expect(await refusal(open(origin).request({ method: "GET", url: `${origin}/first` }))).toBe("redirect");
    expect(paths).toEqual(["/first"]);
  });

  test("beyond the size, and the rest of it is cut off early", async () => {
    let sent = 0;
    const origin = await serve((_, response) => {
      const chunk = Buffer.alloc(65_536);
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.byteLength;
        sent += chunk.byteLength;
      };
      response.on("drain", pump);
      pump();
    });
    expect(await refusal(open(origin).request({ method: "GET", url: origin, maxBytes: 100_000 }))).toBe("too_large");
    const cutAt = sent;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toBe(cutAt);
    expect(sent).toBeLessThan(20_000_000);
  });

  test("when its headers take too long", async () => {
    const origin = await serve(() => {});
    expect(await refusal(open(origin).request({ method: "GET", url: origin, timeoutMs: 60 }))).toBe("timeout");
  });

  test("when its body trickles: the time is for all of it", async () => {
    const origin = await serve((_, response) => {
      const timer = setInterval(() => response.write("x"), 10);
      response.on("close", () => clearInterval(timer));
    });
    const startedAt = performance.now();
    expect(await refusal(open(origin).request({ method: "GET", url: origin, timeoutMs: 150 }))).toBe("timeout");
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  test("when nobody listens, and when the connection breaks in the middle", async () => {
    const server = createTcpServer();
    const gone = `http://127.0.0.1:${await listen(server)}`;
    await new Promise((resolve) => server.close(resolve));
    expect(await refusal(open(gone).request({ method: "GET", url: gone }))).toBe("network");
    const origin = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 10);
    });
    expect(await refusal(open(origin).request({ method: "GET", url: origin }))).toBe("network");
  });

  test("beyond 64 requests at once, of which 8 are under way, and again when they are done", async () => {
    const waiting: ServerResponse[] = [];
    let isOpen = false;
    const origin = await serve((_, response) => void (isOpen ? response.end() : waiting.push(response)));
    const outbound = open(origin);
    const ask = () => outbound.request({ method: "GET", url: origin });
    const first = Array.from({ length: 64 }, ask);
    await vi.waitFor(() => expect(waiting).toHaveLength(8));
    expect(await refusal(ask())).toBe("network");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(waiting).toHaveLength(8);
    isOpen = true;
    for (const response of waiting) response.end();
    expect((await Promise.all(first)).every(({ status }) => status === 200)).toBe(true);
    expect((await ask()).status).toBe(200);
  });
});

describe("origins", () => {
  test.each([
    "http://example.com",
    "http://10.0.0.1",
    "http://127.0.0.1.evil.example",
    "https://example.com/",
    "https://example.com/path",
    "https://user@example.com",
    "ftp://127.0.0.1",
  ])("cannot be %s", (origin) => {
    expect(() => createOutbound([origin], { version: "1", loopbackHttp: true })).toThrow(TypeError);
  });

  test("cannot be without TLS, not even on loopback, where that is not asked for", () => {
    expect(() => createOutbound(["http://127.0.0.1:8080"], { version: "1" })).toThrow(TypeError);
  });
});

describe("TLS", () => {
  async function serveTls(): Promise<{ readonly origin: string; readonly caPem: string }> {
    const { leafPem, leafKeyPem, caPem } = makeTestAuthority(new Date());
    const server = createTlsServer({ cert: leafPem, key: leafKeyPem }, ok);
    const port = await listen(server);
    closing.push(() => server.closeAllConnections());
    return { origin: `https://127.0.0.1:${port}`, caPem };
  }

  test("is checked: an unknown authority is no answer, and neither is a known one for another name", async () => {
    const { origin, caPem } = await serveTls();
    expect(await refusal(open(origin).request({ method: "GET", url: origin }))).toBe("network");
    const knowing = createOutbound([origin], { version: "1", caPem: [caPem] });
    closing.push(() => knowing.close());
    const error: unknown = await knowing.request({ method: "GET", url: origin }).catch((reason: unknown) => reason);
    // The chain is good now; the name on the certificate is PayPal's and not this address.
    expect(String(error instanceof Error ? (error.cause as Error).message : error)).toMatch(/altname|Hostname/i);
  });
});
