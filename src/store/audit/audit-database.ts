import type { Dialect } from "../dialect.ts";
import type { Session } from "../session.ts";

/** Connections for reading moments and, if asked for, repairing. */
export interface AuditDatabase {
  readonly dialect: Dialect;
  snapshot<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  repair<Result>(work: (session: Session) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}
