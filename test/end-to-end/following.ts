import { listen, type Told } from "../http/sse.ts";
import { API_TOKEN, eventually, type Server } from "./server.ts";

/** A shop's system that reads the events: as they happen, and as a list. */

export interface Following {
  /** It goes away after so many and comes again, as if its line had been cut. */
  readonly cutEvery: number;
  /** Whether what was told so far is all it waits for. */
  isOver(told: readonly Told[]): boolean;
}

/** Listens from the first event on, and comes again, as browsers do, whenever the stream was cut; for a minute and a half at most. */
export async function followEvents(server: Server, { cutEvery, isOver }: Following): Promise<readonly Told[]> {
  const told: Told[] = [];
  const end = Date.now() + 90_000;
  const headers = () => ({ authorization: `Bearer ${API_TOKEN}`, "last-event-id": told.at(-1)?.id ?? "beginning" });
  while (!isOver(told) && Date.now() < end) {
    const listener = await listen(`${server.url}/v1/events/stream`, headers()).catch(() => null);
    const isEnough = async () =>
      listener === null || listener.told.length >= cutEvery || isOver([...told, ...listener.told]);
    await Promise.race([listener?.ended, eventually(isEnough, 90_000).catch(() => false)]);
    listener?.close();
    told.push(...(listener?.told ?? []));
    if (listener === null) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return told;
}

/** The ids of all events, oldest first, page by page. */
export async function listEvents(server: Server): Promise<readonly string[]> {
  const listed: string[] = [];
  for (let cursor = "beginning", more = true; more; ) {
    const { body } = await server.api(`/v1/events?limit=25&cursor=${cursor}`);
    listed.push(...body.data.map(({ id }: { readonly id: string }) => id));
    [cursor, more] = [body.next, body.more];
  }
  return listed;
}
