import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { TortureDatabase } from "../databases/database.ts";
import { type Finding, finding } from "./finding.ts";

/** I14: the most that any process took, seen from outside. */
export interface Most {
  mebibytes: number;
  files: number;
  sockets: number;
  /** Of all processes together, also of those that were just killed; 0 on SQLite. */
  connections: number;
}

const LIMITS = { mebibytes: 512, files: 1_024 };
/** Two pools of five, and what a start opens besides. */
const CONNECTIONS_OF_ONE = 12;

export class Footprint {
  readonly most: Most = { mebibytes: 0, files: 0, sockets: 0, connections: 0 };

  /** Of one process; one that has just died is passed over. */
  measure(processId: number | null): void {
    if (processId === null) return;
    try {
      const status = readFileSync(`/proc/${processId}/status`, "utf8");
      const files = readdirSync(`/proc/${processId}/fd`);
      const { most } = this;
      most.mebibytes = Math.max(most.mebibytes, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
      most.files = Math.max(most.files, files.length);
      most.sockets = Math.max(most.sockets, files.filter((file) => isSocket(processId, file)).length);
    } catch {
      // It ended while it was looked at.
    }
  }

  async measureConnections(database: TortureDatabase): Promise<number> {
    if (database.server === null) return 0;
    const [row] = await database.query(
      "select count(*) as open from pg_stat_activity where application_name like 'paybell%'",
    );
    const open = Number(row?.open ?? 0);
    this.most.connections = Math.max(this.most.connections, open);
    return open;
  }

  /** `atRest`: database connections once nobody disturbs any more. */
  check(atRest: number, processes: number): readonly Finding[] {
    const { mebibytes, files } = this.most;
    const most = processes * CONNECTIONS_OF_ONE;
    return [
      ...(mebibytes > LIMITS.mebibytes ? [finding("wrong", "I14", `a process took ${Math.round(mebibytes)} MiB`)] : []),
      ...(files > LIMITS.files ? [finding("wrong", "I14", `a process had ${files} files and sockets open`)] : []),
      ...(atRest > most
        ? [finding("wrong", "I14", `${atRest} database connections at rest, of ${processes} processes`)]
        : []),
    ];
  }
}

function isSocket(processId: number, file: string): boolean {
  try {
    return readlinkSync(`/proc/${processId}/fd/${file}`).startsWith("socket:");
  } catch {
    return false;
  }
}
