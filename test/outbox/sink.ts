import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A merchant's server over real HTTP: what arrives at each path, and what it answers there. */

export interface Arrived {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** ms since 1970 */
  readonly at: number;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse, arrived: Arrived) => void;

export interface Sink {
  readonly port: number;
  readonly arrived: readonly Arrived[];
  /** Connections that were ever made to it. */
  readonly connections: () => number;
  url(path: string): string;
  at(path: string): readonly Arrived[];
  close(): Promise<void>;
}

export const answer =
  (status: number, headers: Readonly<Record<string, string>> = {}, body = ""): Behaviour =>
  (_request, response) => {
    response.writeHead(status, headers).end(body);
  };

/** Takes the request and never answers. */
export const hang: Behaviour = () => {};

export async function startSink(behave: (path: string) => Behaviour = () => answer(204)): Promise<Sink> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      // Proven: none of the headers that are sent comes twice.
      const headers = request.headers as Readonly<Record<string, string>>;
      const one = { path, headers, body: Buffer.concat(chunks).toString("utf8"), at: Date.now() };
      arrived.push(one);
      behave(path)(request, response, one);
    });
  });
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Proven: it listens on TCP.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    arrived,
    connections: () => connections,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    at: (path) => arrived.filter((one) => one.path === path),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
