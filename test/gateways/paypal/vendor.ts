import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Context, Gateway, RawNotification } from "../../../src/gateways/gateway.ts";
import { type ClosableOutbound, createOutbound } from "../../../src/gateways/outbound.ts";
import { createPaypal } from "../../../src/gateways/paypal/index.ts";
import type { PaypalPayload } from "../../../src/gateways/paypal/payload.ts";
import type { PaypalSettings } from "../../../src/gateways/paypal/settings.ts";
import { makeTestAuthority, signPaypalNotification, type TestAuthority } from "../../../src/gateways/stand-in.ts";

/** PayPal's hosts over real HTTP, and a gateway with empty caches that may call them and nothing else. */

export const NOW = new Date("2026-01-05T10:00:03Z");
export const WEBHOOK_ID = "8PT597110X687430LKGECATA";
export const CERT_PATH = "/v1/notifications/certs/CERT-1";

type Route = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface Vendor {
  readonly origin: string;
  readonly certUrl: string;
  readonly authority: TestAuthority;
  /** By `GET /path`; absent is 404. The certificate is there from the beginning. */
  readonly routes: Map<string, Route>;
  /** Every request, as `GET /path`. */
  readonly asked: string[];
  readonly gateway: Gateway<PaypalSettings, PaypalPayload>;
  context(changes?: {
    readonly settings?: Partial<PaypalSettings>;
    readonly account?: Partial<Context<PaypalSettings>["account"]>;
    readonly now?: () => Date;
  }): Context<PaypalSettings>;
  sign(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): RawNotification;
  close(): Promise<void>;
}

const authority = makeTestAuthority(NOW);

export async function startVendor(): Promise<Vendor> {
  const routes = new Map<string, Route>([[`GET ${CERT_PATH}`, (_, response) => void response.end(authority.leafPem)]]);
  const asked: string[] = [];
  const outbounds: ClosableOutbound[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const name = `${request.method} ${request.url}`;
    asked.push(name);
    const route = routes.get(name) ?? ((_request, missing) => void missing.writeHead(404).end("{}"));
    route(request, response, Buffer.concat(chunks).toString());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const certUrl = `${origin}${CERT_PATH}`;
  const gateway = createPaypal();

  return {
    origin,
    certUrl,
    authority,
    routes,
    asked,
    gateway,
    context(changes = {}) {
      const settings: PaypalSettings = {
        ...gateway.settings.parse({
          webhookId: WEBHOOK_ID,
          apiUrl: origin,
          certHosts: [origin],
          certCaPem: authority.caPem,
        }),
        ...changes.settings,
      };
      const account = { id: "default", live: false, receivers: [], ...changes.account };
      const origins = gateway.origins(settings, account.live);
      const outbound = createOutbound(origins, { version: "0.0.0", loopbackHttp: true });
      outbounds.push(outbound);
      return { settings, account, now: changes.now ?? (() => NOW), outbound };
    },
    sign(body, headers = {}) {
      const signed = signPaypalNotification({
        body,
        webhookId: WEBHOOK_ID,
        transmissionId: "4cce5920-5106-11ef-84e2-f38df3f70683",
        transmissionTime: "2026-01-05T10:00:02Z",
        certUrl,
        privateKeyPem: authority.leafKeyPem,
      });
      return {
        body: new Uint8Array(Buffer.from(body)),
        headers: new Map(Object.entries({ ...signed, ...headers })),
        query: new URLSearchParams(),
        receivedAt: NOW,
      };
    },
    async close() {
      await Promise.all(outbounds.map((outbound) => outbound.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
