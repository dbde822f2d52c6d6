import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeTestAuthority } from "../../src/gateways/stand-in.ts";

/** PayPal out of reach: a fake of its three services over real HTTP, whose moods the tests choose. */
export interface PaypalSide {
  readonly certUrl: string;
  readonly leafKeyPem: string;
  /** Settings that point a server under test here. */
  readonly env: Readonly<Record<string, string>>;
  /** `down` closes the connection without an answer. */
  verifier: "VERIFIED" | "INVALID" | "down";
  /** What GET answers by path; absent is 404. */
  readonly resources: Map<string, unknown>;
  /** Paths that were asked for, and bodies that were posted back. */
  readonly asked: string[];
  readonly postbacks: Buffer[];
  close(): void;
}

export async function startPaypalSide(options: { readonly api: boolean }): Promise<PaypalSide> {
  const authority = makeTestAuthority(new Date());
  const dir = mkdtempSync(join(tmpdir(), "paybell-authority-"));
  writeFileSync(join(dir, "ca.pem"), authority.caPem);
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const side: PaypalSide = {
    certUrl: `${origin}/v1/notifications/certs/CERT-test`,
    leafKeyPem: authority.leafKeyPem,
    env: {
      PAYPAL_MODE: "sandbox",
      PAYPAL_CERT_HOSTS: origin,
      PAYPAL_CERT_CA_FILE: join(dir, "ca.pem"),
      PAYPAL_IPN_URL: `${origin}/cgi-bin/webscr`,
      ...(options.api
        ? {
            PAYPAL_API_URL: origin,
            PAYPAL_CLIENT_ID: "client-of-the-tests",
            PAYPAL_CLIENT_SECRET: "secret-of-the-tests-0123",
          }
        : {}),
    },
    verifier: "VERIFIED",
    resources: new Map(),
    asked: [],
    postbacks: [],
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return side;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = (request.url ?? "").split("?")[0] ?? "";
    side.asked.push(`${request.method} ${path}`);
    if (path.startsWith("/v1/notifications/certs/")) return void response.end(authority.leafPem);
    if (path === "/cgi-bin/webscr") return verify(Buffer.concat(chunks), response);
    if (path === "/v1/oauth2/token")
      return json(response, 200, { access_token: "token-of-the-tests", token_type: "Bearer", expires_in: 3600 });
    const resource = side.resources.get(path);
    return resource === undefined ? json(response, 404, { name: "RESOURCE_NOT_FOUND" }) : json(response, 200, resource);
  }

  function verify(body: Buffer, response: ServerResponse): void {
    side.postbacks.push(body);
    if (side.verifier === "down") response.destroy();
    else response.end(side.verifier);
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
