/** One statement about many keys, which are its only parameter; none for none. */
export type Among = <Row>(
  during: string,
  sql: (among: (expression: string) => string) => string,
  keys: readonly string[],
) => Promise<readonly Row[]>;
