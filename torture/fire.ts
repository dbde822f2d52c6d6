import type { Fault } from "./faults/faults.ts";
import { type Forgery, forge } from "./gateways/forger.ts";
import type { PaypalSide } from "./gateways/paypal-side.ts";
import type { Sending } from "./gateways/sending.ts";
import { pause } from "./pause.ts";
import type { Random } from "./random.ts";
import type { Story } from "./stories/story.ts";
import { tellStory } from "./stories/tell.ts";

/** What goes on at once while a run is under fire: stories told, faults injected, forgeries sent. Each ends when `over` does. */

/** Deliveries that a story comes to, about. */
const DELIVERIES = 6;
const MOST_PENDING = 400;

export interface Fire {
  readonly seed: number;
  /** ms since 1970 UTC. */
  readonly until: number;
  readonly over: AbortSignal;
}

/** Until the end is so near that the last story would not be told in time. */
export async function tellStories(
  fire: Fire,
  parts: { readonly rate: number; readonly sending: Sending; readonly stories: Story[]; readonly random: Random },
): Promise<void> {
  const { rate, sending, stories, random } = parts;
  const { until, over } = fire;
  const today = Math.floor(Date.now() / 1000);
  const spreadMs = Math.min(20_000, (until - Date.now()) / 4);
  while (Date.now() < until - spreadMs && !over.aborted) {
    const story = tellStory(fire.seed, stories.length, today);
    // Shops sell less while they are down, and the machine that sends is the one that is tortured.
    while (sending.pending > MOST_PENDING && Date.now() < until && !over.aborted) await pause(250, over);
    stories.push(story);
    const deliveries = sending.tell(story, spreadMs * (0.05 + 0.95 * random.next()));
    await pause((1000 * Math.max(deliveries, DELIVERIES / 2)) / rate, over);
  }
  await pause(until - Date.now(), over);
}

export async function injectFaults(
  { until, over }: Fire,
  parts: {
    readonly faults: readonly Fault[];
    readonly random: Random;
    readonly onFault: (fault: Fault) => void;
    readonly say: (line: string) => void;
  },
): Promise<void> {
  const { faults, random } = parts;
  let deck: Fault[] = [];
  // Where there are few, they come seldom: a disk that is always full shows nothing.
  const longest = faults.length < 3 ? 24_000 : 12_000;
  while (!over.aborted) {
    await pause(Math.min(random.between(1_000, longest), Math.max(0, until - Date.now())), over);
    if (Date.now() >= until || over.aborted) return;
    if (deck.length === 0) deck = [...random.shuffled(faults)];
    const fault = deck.pop();
    if (!fault) return;
    parts.onFault(fault);
    try {
      await fault.run();
    } catch (error) {
      // A lock on a database that a kill of ours has just cut off: the fault is over, and the next one comes.
      parts.say(`${fault.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

export async function sendForgeries(
  { seed, until, over }: Fire,
  parts: {
    readonly forgeries: Forgery[];
    readonly random: Random;
    readonly side: PaypalSide;
    readonly urls: () => readonly string[];
  },
): Promise<void> {
  const { random, forgeries } = parts;
  for (let index = 0; Date.now() < until && !over.aborted; index += 1) {
    const forgery = await forge({ ...parts, seed, index, url: random.pick(parts.urls()) });
    if (forgery) forgeries.push(forgery);
    await pause(random.between(200, 1_500), over);
  }
}
