/** What the store's ports share. */

export interface Lease {
  /** One process: `<hostname>-<pid>-<random>`. */
  readonly owner: string;
  readonly forMs: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
}

export interface PageRequest {
  /** 1 to 100. */
  readonly limit: number;
  readonly cursor: string | null;
}

export interface NewEvent {
  /** `evt_…` */
  readonly id: string;
  readonly type: string;
  /** Unique: a milestone's key, or for a passing state `<type>:<aggregate>:<sequence>`. An event whose key exists is dropped. */
  readonly key: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: number;
  /** Whether it is about live money; null where it is about none. */
  readonly live: boolean | null;
  /** JSON text, frozen. */
  readonly snapshot: string;
}

export interface EventView {
  readonly id: string;
  readonly type: string;
  readonly payment: string | null;
  readonly order: string | null;
  readonly sequence: number;
  readonly live: boolean | null;
  readonly at: Date;
  readonly snapshot: string;
}
