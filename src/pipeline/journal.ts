import type { Journaled, NewInput } from "../store/store.ts";
import { StoreError } from "../store/store.ts";

/** How far the journal's queue may grow before senders are told to come again. */
export interface JournalBounds {
  /** Rows in one commit. */
  readonly batchRows: number;
  /** Bytes of bodies in one commit. */
  readonly batchBytes: number;
  /** Rows waiting for the next commits. */
  readonly queueRows: number;
  readonly queueBytes: number;
}

/** A row on disk, and whether it is under our lease: only then it is ours to work on. */
export interface JournaledRow extends Journaled {
  readonly isOurs: boolean;
}

type Write = (inputs: readonly NewInput[]) => Promise<readonly JournaledRow[]>;

interface Pending {
  readonly input: NewInput;
  readonly resolve: (journaled: JournaledRow) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Group commit: what arrives while a commit is under way forms the next batch: one statement, one fsync, many answers.
 * There is no timer, so a lone request pays nothing for it.
 */
export class Journal {
  readonly #write: Write;
  readonly #bounds: JournalBounds;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  #running: Promise<void> | null = null;
  #runningSince = 0;

  constructor(write: Write, bounds: JournalBounds) {
    this.#write = write;
    this.#bounds = bounds;
  }

  get depth(): number {
    return this.#queue.length;
  }

  /** For how many milliseconds it has gone from one commit to the next; 0 while it has nothing to write. */
  get busyMs(): number {
    return this.#running === null ? 0 : performance.now() - this.#runningSince;
  }

  /** False when the queue is at its bound: answer 503 and let the sender come again. */
  hasRoomFor(bytes: number): boolean {
    return this.#queue.length < this.#bounds.queueRows && this.#queuedBytes + bytes <= this.#bounds.queueBytes;
  }

  /** Resolves once the row is on disk; rejects with the store's error when it is not known to be. */
  push(input: NewInput): Promise<JournaledRow> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ input, resolve, reject });
      this.#queuedBytes += input.body.byteLength;
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    this.#runningSince = performance.now();
    // The first batch waits for the microtasks of requests that were parsed in the same turn of the event loop.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commit(this.#take());
    this.#running = null;
  }

  #take(): readonly Pending[] {
    let bytes = 0;
    let rows = 0;
    for (const { input } of this.#queue) {
      if (rows > 0 && (rows >= this.#bounds.batchRows || bytes + input.body.byteLength > this.#bounds.batchBytes))
        break;
      bytes += input.body.byteLength;
      rows += 1;
    }
    this.#queuedBytes -= bytes;
    const batch = this.#queue.slice(0, rows);
    this.#queue = this.#queue.slice(rows);
    return batch;
  }

  /** A batch that fails for its data is bisected, so that one bad row never costs its neighbours; any other failure is everybody's. */
  async #commit(batch: readonly Pending[]): Promise<void> {
    try {
      const journaled = await this.#write(batch.map((pending) => pending.input));
      batch.forEach((pending, i) => {
        const row = journaled[i];
        if (row) pending.resolve(row);
        else pending.reject(new Error("the store answered fewer rows than it was given"));
      });
    } catch (error) {
      if (batch.length === 1 || !(error instanceof StoreError && error.reason === "data")) {
        for (const pending of batch) pending.reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await this.#commit(batch.slice(0, middle));
      await this.#commit(batch.slice(middle));
    }
  }
}
