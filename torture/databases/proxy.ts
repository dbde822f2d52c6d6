import { connect, createServer, type Socket } from "node:net";

/** What the network before a database does to what passes. */
export type ProxyMode =
  | "pass"
  /** Both ends stay open, and nothing passes. */
  | "swallow"
  /** COMMIT, or the journal's insert, gets through; its answer does not. */
  | "cut_after_commit"
  /** Whoever comes is sent away, and whoever is there. */
  | "refuse"
  /** Each answer takes its time. */
  | "slow";

export interface DatabaseProxy {
  readonly port: number;
  /** How many connections were cut after what they had asked for was done. */
  readonly cuts: number;
  become(mode: ProxyMode): void;
  close(): Promise<void>;
}

const COMMITS = [Buffer.from("COMMIT"), Buffer.from("insert into inputs")];
const SLOW_MS = 400;

/** A proxy on 127.0.0.1 before a server on 127.0.0.1:`target`. */
export async function openProxy(target: number): Promise<DatabaseProxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = "pass";
  let cuts = 0;
  const server = createServer((client) => {
    if (mode === "refuse") return void client.destroy();
    const upstream = connect(target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    let isCut = false;
    client.on("data", (data) => {
      if (mode === "swallow") return;
      isCut ||= mode === "cut_after_commit" && COMMITS.some((text) => data.includes(text));
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (mode === "swallow") return;
      if (isCut) {
        cuts += 1;
        client.destroy();
      } else if (mode === "slow") setTimeout(() => client.destroyed || client.write(data), SLOW_MS);
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    get cuts() {
      return cuts;
    },
    become(next) {
      mode = next;
      if (next === "refuse") for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
