import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** A file system of its own for the database, small enough to be filled up. */
export interface SmallDisk {
  readonly folder: string;
  fill(): void;
  free(): void;
  close(): void;
}

/** Null where this machine does not let us mount one: then no disk gets full, and the report says so. */
export function mountSmallDisk(folder: string, megabytes: number): SmallDisk | null {
  mkdirSync(folder, { recursive: true });
  if (!run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0777`, "tmpfs", folder])) return null;
  const filler = join(folder, "filler");
  return {
    folder,
    // It ends with an error once there is no room: that is its purpose.
    fill: () => void run("dd", ["if=/dev/zero", `of=${filler}`, "bs=1M"]),
    free: () => rmSync(filler, { force: true }),
    close: () => void run("umount", ["-l", folder]),
  };
}

function run(command: string, parameters: readonly string[]): boolean {
  try {
    execFileSync(command, parameters, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
