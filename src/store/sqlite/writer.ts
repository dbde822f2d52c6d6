import { StoreError } from "../store.ts";
import { type QueueLoad, TurnQueue } from "../turn-queue.ts";
import { type Connection, VERSION_SQL, versionIn } from "./connection.ts";
import type { Rows, SharedWriter, Turn } from "./statements.ts";

const QUEUE = { name: "turn to write", limit: 1_000, waitMs: 10_000 };

/**
 * Who may use the writing connection when: beside it, so that a turn goes from one to the next without a way through another
 * thread. The journal waits for rows that are being written, and never for anybody's turn.
 */
export class Writer implements SharedWriter {
  readonly #connection: Connection;
  readonly #turns: TurnQueue;
  #current: OpenTurn | null = null;
  /** What came while somebody's transaction was open. */
  readonly #waiting: (() => void)[] = [];

  constructor(connection: Connection, onLoad: (load: QueueLoad) => void = () => undefined) {
    this.#connection = connection;
    this.#turns = new TurnQueue({ ...QUEUE, onChange: onLoad });
  }

  query(sql: string, values: readonly unknown[]): Promise<Rows> {
    return this.#run(null, (connection) => connection.query(sql, values));
  }

  execute(sql: string, values: readonly unknown[]): Promise<number> {
    return this.#run(null, (connection) => connection.execute(sql, values));
  }

  open(): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const hold = async (): Promise<void> => {
        const version = versionIn(await this.query(VERSION_SQL, []));
        await new Promise<void>((giveBack) => {
          const turn: OpenTurn = new OpenTurn(version, {
            run: (statement) => this.#run(turn, statement),
            close: () => {
              this.#end(turn);
              giveBack();
            },
          });
          this.#current = turn;
          resolve(turn);
        });
      };
      this.#turns.run(hold).catch(reject);
    });
  }

  load(): QueueLoad {
    return this.#turns.load();
  }

  /** After the turns that wait. */
  async close(): Promise<void> {
    await this.#turns.close();
    await this.#connection.close();
  }

  #run<Result>(turn: OpenTurn | null, statement: Statement<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        statement(this.#connection).then(resolve, reject);
        this.#letIn();
      };
      if (this.#connection.isInTransaction && turn !== this.#current) this.#waiting.push(start);
      else start();
    });
  }

  #end(turn: OpenTurn): void {
    if (this.#connection.isInTransaction)
      void this.#run(turn, (connection) => connection.execute("ROLLBACK", [])).catch(() => undefined);
    this.#current = null;
  }

  /** None of these begins a transaction: whoever does has the turn. */
  #letIn(): void {
    if (this.#connection.isInTransaction) return;
    for (const start of this.#waiting.splice(0)) start();
  }
}

type Statement<Result> = (connection: Connection) => Promise<Result>;

interface TurnParts {
  readonly run: <Result>(statement: Statement<Result>) => Promise<Result>;
  readonly close: () => void;
}

class OpenTurn implements Turn {
  readonly version: string;
  readonly #parts: TurnParts;
  #isClosed = false;

  constructor(version: string, parts: TurnParts) {
    this.version = version;
    this.#parts = parts;
  }

  begin(version: string | null): Promise<boolean> {
    return this.#run((connection) => connection.begin(version));
  }

  query(sql: string, values: readonly unknown[]): Promise<Rows> {
    return this.#run((connection) => connection.query(sql, values));
  }

  execute(sql: string, values: readonly unknown[]): Promise<number> {
    return this.#run((connection) => connection.execute(sql, values));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#parts.close();
  }

  #run<Result>(statement: Statement<Result>): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new StoreError("unavailable", "the turn to write has ended"));
    return this.#parts.run(statement);
  }
}
