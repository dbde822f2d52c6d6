import type { Dialect } from "../dialect.ts";
import { storable, storableTime } from "../json-rows.ts";
import type { Value } from "../session.ts";
import { StoreError } from "../store.ts";
import type { Position } from "./cursor.ts";

/** A WHERE clause that grows with the filters that are given, and its parameters. */
export class Query {
  readonly values: Value[] = [];
  readonly #conditions: string[] = [];
  #alternatives: readonly string[] = [];
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  is(column: string, value: string | boolean | undefined): void {
    if (value !== undefined) this.having((parameter) => `${column} = ${parameter}`, value);
  }

  /** `condition` gets the parameter's placeholder, as often as it likes. */
  having(condition: (placeholder: string) => string, value: string | boolean | number): void {
    const number = this.values.push(typeof value === "string" ? storable("filter", value) : value);
    this.#conditions.push(condition(`$${number}`));
  }

  /** One of the values; for one column of a query. */
  among(column: string, values: readonly string[] | undefined): void {
    if (values === undefined) return;
    const distinct = [...new Set(values)];
    this.#alternatives = distinct.map((value) => `${column} = $${this.values.push(storable("filter", value))}`);
    if (distinct.length === 0) this.plain("false");
  }

  plain(condition: string): void {
    this.#conditions.push(condition);
  }

  /** From `since` on, before `until`. */
  between(column: string, since: Date | undefined, until: Date | undefined): void {
    if (since !== undefined) this.#conditions.push(`${column} >= ${this.#time(since)}`);
    if (until !== undefined) this.#conditions.push(`${column} < ${this.#time(until)}`);
  }

  /** Rows that come after the position where the newest come first. */
  after(position: Position | null, at: string, id: string, type: "text" | "bigint"): void {
    if (position === null) return;
    const time = this.#time(new Date(position.at));
    const tie = `$${this.values.push(type === "bigint" ? seqOf(position.id) : storable("cursor", position.id))}`;
    this.#conditions.push(`(${at}, ${id}) < (${time}, ${tie})`);
  }

  /**
   * The first rows in the order of `at` and `id`, newest first. Of several alternatives an index gives each in that order,
   * but not their union: each contributes its own first rows.
   */
  first(
    rows: number,
    list: { readonly columns: string; readonly from: string; readonly at: string; readonly id: string },
  ): string {
    const limit = `$${this.values.push(rows)}`;
    const tail = `order by ${list.at} desc, ${list.id} desc limit ${limit}`;
    const select = (columns: string, conditions: readonly string[]): string =>
      `select ${columns} from ${list.from} where ${[...conditions, "true"].join(" and ")} ${tail}`;
    if (this.#alternatives.length < 2) return select(list.columns, [...this.#conditions, ...this.#alternatives]);
    const branches = this.#alternatives.map(
      (alternative) => `select * from (${select(list.id, [...this.#conditions, alternative])}) as branch`,
    );
    return select(list.columns, [`${list.id} in (${branches.join(" union all ")})`]);
  }

  #time(value: Date): string {
    const storedTime = this.#dialect.time(storableTime("filter", value));
    return this.#dialect.timeParameter(this.values.push(storedTime));
  }
}

/** A cursor comes from outside: what BigInt would throw at is a value that no row has. */
function seqOf(id: string): bigint {
  if (!/^\d{1,18}$/.test(id)) throw new StoreError("data", "cursor: not one of ours");
  return BigInt(id);
}

/** Finds a gateway in a list with commas at both ends. Gateway ids are lower-case words; what is not one matches nothing. */
export function gatewayPattern(gateway: string): string {
  return `%,${/^[a-z0-9-]+$/.test(gateway) ? gateway : "\u001f"},%`;
}
