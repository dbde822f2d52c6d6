/** What runs SQL on the writing connection, wherever that lives. Statements run in the order in which they are asked for. */
export interface Statements {
  query(sql: string, values: readonly unknown[]): Promise<Rows>;
  /** How many rows it changed. */
  execute(sql: string, values: readonly unknown[]): Promise<number>;
}

export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/**
 * The writing connection, for all who share it. What is asked of it directly commits by itself: the journal, which adds rows that
 * nobody else has read. Whatever else changes something takes its turn.
 */
export interface SharedWriter extends Statements {
  /** Resolves when it is its turn. Rejects with StoreError `unavailable` where too many wait, or for too long. */
  open(): Promise<Turn>;
}

/** Its holder is alone among those who take turns; from its beginning to write to its end it is alone with the connection. */
export interface Turn extends Statements {
  /** As `VERSION_SQL` answered when it was opened. */
  readonly version: string;
  /** See `Connection.begin`. Nobody has to wait for its answer before asking for what is to be written. */
  begin(version: string | null): Promise<boolean>;
  /** Behind what was asked for before: rolls back what was begun and is not committed, and gives the turn to the next. */
  close(): void;
}
