/** What happened in one slice of the time under fire. */
export interface Slice {
  readonly acknowledged: number;
  readonly kills: number;
  readonly faults: number;
}

const SLICES = 60;

/** Counts what happens under fire, slice by slice, for a chart. */
export class Timeline {
  readonly #sliceMs: number;
  readonly #slices: { acknowledged: number; kills: number; faults: number }[] = [];
  #began: number | null = null;

  constructor(forMs: number) {
    this.#sliceMs = Math.max(1_000, forMs / SLICES);
  }

  get slices(): readonly Slice[] {
    return this.#slices;
  }

  start(): void {
    this.#began = Date.now();
  }

  acknowledged(): void {
    this.#now().acknowledged += 1;
  }

  killed(count: number): void {
    this.#now().kills += count;
  }

  faulted(): void {
    this.#now().faults += 1;
  }

  /** Before the fire everything is told to a slice that nobody keeps. */
  #now() {
    const unkept = { acknowledged: 0, kills: 0, faults: 0 };
    if (this.#began === null) return unkept;
    const index = Math.floor((Date.now() - this.#began) / this.#sliceMs);
    while (this.#slices.length <= index) this.#slices.push({ acknowledged: 0, kills: 0, faults: 0 });
    return this.#slices[index] ?? unkept;
  }
}
