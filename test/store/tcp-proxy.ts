import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy before PostgreSQL that can fail like a network does. */
export interface TcpProxy {
  /** The given URL, through the proxy. */
  readonly url: string;
  /** `swallow`: both ends stay open and nothing passes. `cut_commit`: COMMIT gets through, its answer doesn't. `refuse`: nobody answers. */
  mode: "pass" | "swallow" | "cut_commit" | "refuse";
  close(): Promise<void>;
}

const COMMIT = Buffer.from("COMMIT");

export async function openProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (proxy.mode === "refuse") return client.destroy();
    const upstream = connect(Number(port || 5432), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    let isCut = false;
    client.on("data", (data) => {
      if (proxy.mode === "swallow") return;
      isCut ||= proxy.mode === "cut_commit" && data.includes(COMMIT);
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (isCut) client.destroy();
      else if (proxy.mode !== "swallow") client.write(data);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = new URL(target);
  url.hostname = "127.0.0.1";
  url.port = typeof address === "object" && address !== null ? String(address.port) : "";
  const proxy: TcpProxy = {
    url: url.href,
    mode: "pass",
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
