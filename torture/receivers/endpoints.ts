import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Webhook } from "standardwebhooks";
import { send } from "../gateways/http.ts";
import { pause } from "../pause.ts";

/** Merchants' systems over real HTTP: each verifies what arrives as its own code would, remembers it, and has moods. */

export type EndpointMood = "well" | "broken" | "hanging" | "resetting" | "busy";

/** What an endpoint believed and said 2xx to. */
export interface Arrival {
  /** The event's id, as the header names it. */
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  /** The order's reference, where the payload links to one. */
  readonly order: string | null;
  readonly payloadHash: string;
}

export interface Endpoint {
  /** Patterns of event types. */
  readonly events: readonly string[];
  /** `ep_…` once it is registered. */
  id: string;
  mood: EndpointMood;
  readonly arrivals: Arrival[];
  /** What no receiver ought to get: signed by nobody, or not as the standard says. */
  readonly unbelievable: string[];
  /** Turned away because the sender's clock is wrong: who checks signatures checks their time. */
  stale: number;
}

export interface Endpoints {
  readonly all: readonly Endpoint[];
  /** As a merchant does it, through the API; throws where that is refused. */
  register(url: string, apiToken: string): Promise<void>;
  /** All are well again, and nobody who hangs is kept waiting. */
  heal(): void;
  close(): Promise<void>;
}

const SUBSCRIPTIONS = [["*"], ["order.*"], ["payment.paid", "payment.refunded", "order.paid"]];
const REGISTER_ATTEMPTS = 20;
/** What `standardwebhooks` bears. */
const TOLERANCE_MS = 300_000;
const RETRY_AFTER_S = 2;

export async function startEndpoints(): Promise<Endpoints> {
  const all = SUBSCRIPTIONS.map(
    (events): Endpoint => ({ events, id: "", mood: "well", arrivals: [], unbelievable: [], stale: 0 }),
  );
  const verifiers = new Map<Endpoint, Webhook>();
  const server = createServer((request, response) => {
    const endpoint = all[Number(request.url?.slice(1))];
    const verifier = endpoint && verifiers.get(endpoint);
    if (!endpoint || !verifier) return void response.writeHead(404).end();
    void bodyOf(request).then(
      (body) => take(endpoint, verifier, { request, response, body }),
      // Whoever sends it was killed.
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return {
    all,
    register: async (url, apiToken) => {
      for (const [index, endpoint] of all.entries()) {
        const { id, secret } = await registered(url, apiToken, { url: `${origin}/${index}`, events: endpoint.events });
        endpoint.id = id;
        verifiers.set(endpoint, new Webhook(secret));
      }
    },
    heal: () => {
      for (const endpoint of all) endpoint.mood = "well";
      server.closeAllConnections();
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function registered(
  url: string,
  apiToken: string,
  wanted: { readonly url: string; readonly events: readonly string[] },
): Promise<{ readonly id: string; readonly secret: string }> {
  const headers = { authorization: `Bearer ${apiToken}`, "content-type": "application/json" };
  // The stories' money is test money.
  const body = Buffer.from(JSON.stringify({ ...wanted, live: null, rate: 1_000 }));
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(`${url}/v1/endpoints`, { headers, body });
    // Proven: README.md says that 201 shows the endpoint with its id and its secret.
    if (answer.kind === "status" && answer.status === 201)
      return JSON.parse(answer.text) as { id: string; secret: string };
    if (attempt === REGISTER_ATTEMPTS || answer.kind === "lost" || answer.status !== 503)
      throw new Error(`no endpoint could be registered: ${JSON.stringify(answer)}`);
    await pause(500);
  }
}

interface Attempted {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: string;
}

function take(endpoint: Endpoint, verifier: Webhook, { request, response, body }: Attempted): void {
  switch (endpoint.mood) {
    case "broken":
      return void response.writeHead(500).end("broken");
    case "busy":
      return void response.writeHead(503, { "retry-after": String(RETRY_AFTER_S) }).end();
    case "resetting":
      return void request.socket.resetAndDestroy();
    case "hanging":
      return;
    case "well":
      return void response.writeHead(believe(endpoint, verifier, { request, body })).end();
  }
}

/** The status that a careful receiver answers with. */
function believe(endpoint: Endpoint, verifier: Webhook, { request, body }: Omit<Attempted, "response">): number {
  // Proven: none of the headers that are sent comes twice.
  const headers = request.headers as Readonly<Record<string, string>>;
  const id = headers["webhook-id"] ?? "";
  try {
    // Proven: looked at member by member; one that is missing differs from what is stored.
    const { type, data } = verifier.verify(body, headers) as {
      readonly type: string;
      readonly data: Readonly<Record<string, unknown>> & { readonly links: Readonly<Record<string, string>> };
    };
    if (data.id !== id) endpoint.unbelievable.push(`${id}: its payload names ${data.id}`);
    const order = data.links.order?.split("/").at(-1) ?? null;
    const payloadHash = createHash("sha256").update(body).digest("hex");
    endpoint.arrivals.push({ id, type, sequence: Number(data.sequence), order, payloadHash });
    return 204;
  } catch (error) {
    const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
    const isSigned = verifier.sign(id, at, body) === headers["webhook-signature"];
    if (isSigned && Math.abs(Date.now() - at.getTime()) > TOLERANCE_MS - 1_000) endpoint.stale += 1;
    else endpoint.unbelievable.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    return 400;
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  // Proven: without setEncoding a request's chunks are Buffers.
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Whether a type is among patterns: whole types, `payment.*` for all of a kind, or `*`. */
export function isWanted(type: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => pattern === "*" || pattern === type || pattern === `${type.split(".", 1)[0]}.*`);
}
