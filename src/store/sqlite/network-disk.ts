import { statfsSync } from "node:fs";

/**
 * File systems over which SQLite's locks and syncs are somebody else's promise, by `f_type` of statfs(2); see
 * https://www.sqlite.org/howtocorrupt.html §2.1 and the kernel's include/uapi/linux/magic.h.
 */
const NETWORK_DISKS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB2"],
  [0xff534d42, "CIFS"],
  [0x564c, "NCP"],
  [0x5346414f, "AFS"],
  [0x73757245, "Coda"],
  [0x01021997, "9P"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  // sshfs, s3fs, GlusterFS, and the file shares of container engines on desktops. Some are local; nobody can tell which.
  [0x65735546, "FUSE"],
]);

/** What kind of network disk the folder is on, or null: as far as the system tells (Linux does). */
export function networkDisk(folder: string, typeOf: (path: string) => number = fileSystemType): string | null {
  try {
    // 32 bits, and on some systems with a sign.
    return NETWORK_DISKS.get(typeOf(folder) >>> 0) ?? null;
  } catch {
    return null;
  }
}

function fileSystemType(path: string): number {
  return process.platform === "linux" ? statfsSync(path).type : 0;
}

/** What to say of it at every start. */
export function networkDiskWarning(file: string, disk: string): string {
  return (
    `${file} is on a network disk (${disk}): its locks and syncs can't be relied on, so acknowledged notifications may ` +
    "be lost and the file be damaged. Put it on a local disk, or use PostgreSQL"
  );
}
