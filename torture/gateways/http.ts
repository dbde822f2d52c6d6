import { Agent, request } from "node:http";

/** What became of one attempt: a status, or a connection that was lost before it came. */
export type Answer =
  | { readonly kind: "status"; readonly status: number; readonly text: string }
  | { readonly kind: "lost" };

export interface Request {
  readonly method?: "POST" | "GET" | "PATCH" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The connection is cut in the middle of the body. */
  readonly isTorn?: boolean;
}

/** Every sender of the field waits at least so long. */
const TIMEOUT_MS = 10_000;

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const NOTHING = Buffer.alloc(0);

export function send(url: string, options: Request): Promise<Answer> {
  return new Promise((resolve) => {
    const { method = "POST", body = NOTHING, isTorn = false } = options;
    const lost = (): void => resolve({ kind: "lost" });
    const length = method === "GET" ? {} : { "content-length": String(body.byteLength) };
    const headers = { ...options.headers, ...length };
    const outgoing = request(url, { method, agent, headers, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", lost);
      response.on("close", lost);
      response.on("end", () =>
        resolve({ kind: "status", status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", lost);
    if (isTorn) {
      outgoing.write(body.subarray(0, body.byteLength >> 1));
      setTimeout(() => outgoing.destroy(), 20);
    } else outgoing.end(body);
  });
}

export function isAccepted(answer: { readonly kind: string; readonly status?: number }): boolean {
  return answer.kind === "status" && answer.status !== undefined && answer.status >= 200 && answer.status < 300;
}
