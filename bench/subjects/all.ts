import type { SubjectName } from "../options.ts";
import { CEILING } from "./ceiling.ts";
import {
  PAYBELL_POSTGRESQL,
  PAYBELL_POSTGRESQL_ALL,
  PAYBELL_POSTGRESQL_ORDERS,
  PAYBELL_POSTGRESQL_TOLD,
  PAYBELL_SQLITE,
  PAYBELL_SQLITE_ALL,
  PAYBELL_SQLITE_ORDERS,
  PAYBELL_SQLITE_TOLD,
  PAYBELL_TWO_PROCESSES,
} from "./paybell.ts";
import { PEER } from "./peer.ts";
import { PLAIN } from "./plain.ts";
import type { Subject } from "./subject.ts";

/** In the order of the table. */
export const ALL_SUBJECTS: Readonly<Record<SubjectName, Subject>> = {
  ceiling: CEILING,
  sqlite: PAYBELL_SQLITE,
  postgresql: PAYBELL_POSTGRESQL,
  "postgresql-2": PAYBELL_TWO_PROCESSES,
  "sqlite-told": PAYBELL_SQLITE_TOLD,
  "postgresql-told": PAYBELL_POSTGRESQL_TOLD,
  "sqlite-orders": PAYBELL_SQLITE_ORDERS,
  "postgresql-orders": PAYBELL_POSTGRESQL_ORDERS,
  "sqlite-all": PAYBELL_SQLITE_ALL,
  "postgresql-all": PAYBELL_POSTGRESQL_ALL,
  plain: PLAIN,
  peer: PEER,
};
