import { storeError } from "./errors.ts";
import type { Models, Reads, Session, Value } from "./session.ts";
import type { StoreError } from "./store.ts";

/**
 * What runs SQL: Prisma's clients in their own words, or a driver beside them. Through a client every statement is a plan for
 * its query interpreter and every value is encoded and decoded once more: 300 µs of CPU a statement and 25 µs a row of the
 * journal, measured on both databases, of which the driver itself takes a sixth. What is SQL of ours uses the driver.
 */
export interface RawClient {
  $queryRawUnsafe<Result>(sql: string, ...values: unknown[]): PromiseLike<Result>;
  $executeRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<number>;
}

export interface SessionOptions {
  readonly client: RawClient;
  /** Turns numbered placeholders into the driver's. */
  readonly placeholders: (sql: string) => string;
  /** Told of every failed statement: it has doomed its transaction. */
  readonly onFailure?: (error: StoreError) => void;
  /** Throws where no statement may run any more. */
  readonly guard?: () => void;
}

/** A session over raw SQL, with the port's errors. */
export function rawSession(options: SessionOptions): Session {
  const { client, placeholders } = options;
  const run = runner(options);
  return {
    query: <Row>(during: string, sql: string, ...values: readonly Value[]) =>
      run(during, () => client.$queryRawUnsafe<readonly Row[]>(placeholders(sql), ...values)),
    execute: (during, sql, ...values) => run(during, () => client.$executeRawUnsafe(placeholders(sql), ...values)),
  };
}

/** The same with the typed client's models. */
export function readingSession(options: SessionOptions & { readonly models: Models }): Reads {
  const run = runner(options);
  return { ...rawSession(options), read: (during, ask) => run(during, () => ask(options.models)) };
}

function runner(options: SessionOptions) {
  return async <Result>(during: string, statement: () => PromiseLike<Result>): Promise<Result> => {
    options.guard?.();
    try {
      return await statement();
    } catch (error) {
      const failure = storeError(error, during);
      options.onFailure?.(failure);
      throw failure;
    }
  };
}

/** A statement that begins so changes nothing, at most it locks; whatever begins otherwise may. */
export function isReading(sql: string): boolean {
  return /^\s*select\b/i.test(sql);
}
