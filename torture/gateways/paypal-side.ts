import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { isGenuineIpn, makeTestAuthority } from "../../src/gateways/stand-in.ts";

/** PayPal's certificates, IPN verifier and API, on loopback, with moods. */
export interface PaypalSide {
  readonly certUrl: string;
  readonly leafKeyPem: string;
  readonly ipnSecret: string;
  /** Settings that point a server here. */
  readonly env: Readonly<Record<string, string>>;
  /** `down`: connections are closed without an answer. `broken`: 503. `slow`: three seconds late. */
  mood: "up" | "down" | "broken" | "slow";
  /** From now on the API knows the object that this webhook's body tells of, as it is when the story has ended. */
  learn(body: string): void;
  close(): Promise<void>;
}

const PREFIX = "cmd=_notify-validate&";
const SLOW_MS = 3_000;
const CREDENTIALS = {
  PAYPAL_CLIENT_ID: "client-of-the-torture",
  PAYPAL_CLIENT_SECRET: "canary7q4x-client-secret-of-the-torture",
};
const TOKEN = { access_token: "canary7q4x-access-token", token_type: "Bearer", expires_in: 3_600 };

/** `hasApi`: whether the service can ask about what webhooks say; without it their signature has to do. */
export async function startPaypalSide(folder: string, hasApi: boolean): Promise<PaypalSide> {
  const resources = new Map<string, Resource>();
  const authority = makeTestAuthority(new Date());
  const caFile = join(mkdtempSync(join(folder, "authority-")), "ca.pem");
  writeFileSync(caFile, authority.caPem);
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  const side: PaypalSide = {
    certUrl: `${origin}/v1/notifications/certs/CERT-torture`,
    leafKeyPem: authority.leafKeyPem,
    ipnSecret: "canary7q4x-ipn-secret-of-the-torture",
    env: {
      PAYPAL_MODE: "sandbox",
      PAYPAL_CERT_HOSTS: origin,
      PAYPAL_CERT_CA_FILE: caFile,
      PAYPAL_IPN_URL: `${origin}/cgi-bin/webscr`,
      ...(hasApi ? { ...CREDENTIALS, PAYPAL_API_URL: origin } : {}),
    },
    mood: "up",
    learn: (body) => learn(resources, body),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return side;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // Proven: without setEncoding a request's chunks are Buffers.
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (side.mood === "down") return void response.destroy();
    if (side.mood === "broken") return void response.writeHead(503).end("try again");
    if (side.mood === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    if (request.url?.startsWith("/v1/notifications/certs/")) return void response.end(authority.leafPem);
    if (request.url === "/v1/oauth2/token") return json(response, 200, TOKEN);
    if (request.method === "GET") {
      const resource = resources.get(request.url ?? "");
      return json(response, resource ? 200 : 404, resource ?? { name: "RESOURCE_NOT_FOUND" });
    }
    const body = Buffer.concat(chunks);
    const isGenuine =
      body.toString("latin1").startsWith(PREFIX) && isGenuineIpn(body.subarray(PREFIX.length), side.ipnSecret);
    response.end(isGenuine ? "VERIFIED" : "INVALID");
  }
}

/** The part of a webhook's resource by which it is kept. */
interface Resource {
  readonly update_time: string;
  readonly links?: readonly { readonly rel: string; readonly href: string }[];
}

function learn(resources: Map<string, Resource>, body: string): void {
  // Proven: the torture's own stories made it.
  const { resource } = JSON.parse(body) as { readonly resource: Resource };
  const self = resource.links?.find(({ rel }) => rel === "self");
  if (!self) return;
  const { pathname } = new URL(self.href);
  const known = resources.get(pathname);
  if (!known || known.update_time <= resource.update_time) resources.set(pathname, resource);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
