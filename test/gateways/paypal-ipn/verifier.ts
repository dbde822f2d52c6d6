import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Outbound, RawNotification, Verdict } from "../../../src/gateways/gateway.ts";
import { createOutbound } from "../../../src/gateways/outbound.ts";
import { paypalIpn } from "../../../src/gateways/paypal-ipn/index.ts";

/** What the fake of PayPal's verifier received. */
export interface Postback {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface Verifier {
  readonly url: string;
  readonly postbacks: readonly Postback[];
  answer: (response: ServerResponse) => void;
  ask(body: Uint8Array, options?: { readonly timeoutMs?: number }): Promise<Verdict>;
  close(): Promise<void>;
}

/** A verifier of the tests' own, over real HTTP, and the gateway's question to it. */
export async function startVerifier(): Promise<Verifier> {
  const postbacks: Postback[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      postbacks.push({ method, path: url, headers, body: Buffer.concat(chunks) });
      verifier.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Proven: a server that listens on a port has an address with one.
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const outbound = createOutbound([origin], { version: "0.0.0-test", loopbackHttp: true });
  const verifier: Verifier = {
    url: `${origin}/cgi-bin/webscr`,
    postbacks,
    answer: (response) => response.end("VERIFIED"),
    ask: (body, { timeoutMs } = {}) =>
      ask(body, verifier.url, timeoutMs === undefined ? outbound : hurried(outbound, timeoutMs)),
    close: async () => {
      await outbound.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return verifier;
}

/** The same way out with less patience, so that a slow verifier does not make a slow test. */
function hurried(outbound: Outbound, timeoutMs: number): Outbound {
  return { request: (wanted) => outbound.request({ ...wanted, timeoutMs }) };
}

export function ask(body: Uint8Array, postbackUrl: string | null, outbound: Outbound, live = false): Promise<Verdict> {
  if (paypalIpn.proof.by !== "postback") throw new Error("IPN is proven by postback");
  return paypalIpn.proof.ask(rawOf(body), {
    settings: { postbackUrl },
    account: { id: "default", live, receivers: [] },
    now: () => new Date("2026-01-05T12:00:00Z"),
    outbound,
  });
}

export function rawOf(body: Uint8Array): RawNotification {
  const headers = new Map([["content-type", "application/x-www-form-urlencoded"]]);
  return { body, headers, query: new URLSearchParams(), receivedAt: new Date("2026-01-05T12:00:00Z") };
}
