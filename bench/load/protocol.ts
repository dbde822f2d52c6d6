/** What the bench asks of the generator's process, and what it answers. */

export interface Load {
  /** See `namesOf`. */
  readonly series: string;
  /** How many requests are made ready, at most sent. */
  readonly count: number;
  /** Where to: one port for each process of the subject. */
  readonly ports: readonly number[];
  readonly path: string;
  /** What each body is larger by, in bytes; without it they are of 2 kB. */
  readonly metadataBytes?: number;
  readonly connections: number;
  /** Requests a second, sent when they are due whatever the answers do; null: whenever a connection is free. */
  readonly rate: number | null;
  /** When to stop sending; what is under way is waited for, at most ten seconds. */
  readonly seconds: number;
  /** No more are sent than `allow` permits, which begins at `allowed`, and those that 503 refuses besides; null: as many as are due. */
  readonly allowed: number | null;
}

export type ToGenerator =
  | { readonly kind: "prepare"; readonly load: Load }
  | { readonly kind: "run" }
  | { readonly kind: "allow"; readonly upTo: number };

export interface LoadResult {
  /** From the first request sent to the last one answered, but not beyond the time of sending. */
  readonly seconds: number;
  readonly sent: number;
  /** Answered within the time of sending. */
  readonly inTime: number;
  /** Indices of all that were answered 2xx. */
  readonly acknowledged: Uint32Array;
  /** For each of those, milliseconds from when it was due (not from when it could be sent) to its answer. */
  readonly latenciesMs: Float64Array;
  /** For each of those, when its answer came: milliseconds since 1970. */
  readonly answeredAt: Float64Array;
  /** Answers of other statuses, and connections lost, by word. */
  readonly others: Readonly<Record<string, number>>;
  /** Milliseconds from sending to a 503's answer. */
  readonly refusalsMs: Float64Array;
  /** 503 without Retry-After. */
  readonly withoutRetryAfter: number;
}

export type FromGenerator =
  | { readonly kind: "ready" }
  | { readonly kind: "prepared" }
  | { readonly kind: "progress"; readonly acknowledged: number }
  | { readonly kind: "done"; readonly result: LoadResult };
