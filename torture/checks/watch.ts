import type { TortureDatabase } from "../databases/database.ts";
import type { Sending, Sent, Telling } from "../gateways/sending.ts";
import { pause } from "../pause.ts";
import type { Story } from "../stories/story.ts";
import { checkQuiet } from "./ends.ts";
import { type Finding, finding } from "./finding.ts";
import { isSettled, standingsOf } from "./inputs.ts";

export interface WatchParts {
  readonly database: TortureDatabase;
  readonly sending: Sending;
  readonly onFinding: (finding: Finding) => void;
  /** A reader that is alone with a SQLite file does what the next server ought to do: take over what a killed one left. */
  readonly mayLook: () => boolean;
}

const EVERY_MS = 1_000;

/**
 * What can be said while it all goes on: whatever was acknowledged is in the journal from that moment (I1), and a story of
 * which nothing is under way any more has come to its end (I3, I2).
 */
export class Watch {
  readonly #parts: WatchParts;
  readonly #over = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #unseen: readonly Sent[] = [];
  readonly #compared = new Set<Story>();
  #looks = 0;

  constructor(parts: WatchParts) {
    this.#parts = parts;
  }

  /** Stories that were compared before the end. */
  get compared(): number {
    return this.#compared.size;
  }

  /** How often it got an answer from the database. */
  get looks(): number {
    return this.#looks;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const began = Date.now();
      // A database that is down, full or locked is the faults' doing: the next look sees what this one could not.
      if (this.#parts.mayLook()) await this.#look().catch(() => undefined);
      await pause(Math.max(EVERY_MS, Date.now() - began), signal);
    }
  }

  async #look(): Promise<void> {
    const { database, sending, onFinding } = this.#parts;
    this.#unseen = [...this.#unseen, ...sending.takeAcknowledged()];
    const quiet = this.#quietStories();
    const hashes = [...this.#unseen, ...[...quiet.values()].flat()].map(({ hash }) => hash);
    const standings = await standingsOf(database, hashes);
    const missing = this.#unseen.filter(({ hash }) => !standings.has(hash));
    this.#unseen = [];
    this.#looks += 1;
    for (const sent of missing) {
      onFinding(finding("lost", "I1", `${nameOf(sent)} was acknowledged and is not in the journal`));
    }
    const ended = [...quiet]
      .filter(([, sent]) => sent.every(({ hash }) => (standings.get(hash) ?? []).every(isSettled)))
      .map(([story]) => story);
    for (const each of await checkQuiet(database, ended)) onFinding(each);
    for (const story of ended) this.#compared.add(story);
  }

  /** Stories that are told to the end, however often they were told. */
  #quietStories(): ReadonlyMap<Story, readonly Sent[]> {
    const tellings = new Map<Story, Telling[]>();
    for (const telling of this.#parts.sending.tellings) {
      if (this.#compared.has(telling.story)) continue;
      tellings.set(telling.story, [...(tellings.get(telling.story) ?? []), telling]);
    }
    const quiet = [...tellings].filter(([, all]) => all.every(({ left }) => left === 0));
    return new Map(quiet.map(([story, all]) => [story, all.flatMap(({ sent }) => sent)]));
  }
}

function nameOf({ message, hash }: Sent): string {
  return `${message.gateway} ${message.key || hash.slice(0, 12)}`;
}
