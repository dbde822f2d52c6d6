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
