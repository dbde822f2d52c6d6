import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { networkDisk, networkDiskWarning } from "../../src/store/sqlite/network-disk.ts";

test("network file systems are told by their numbers, whatever the sign they come with", () => {
  const types: readonly (readonly [number, string])[] = [
    [0x6969, "NFS"],
    [0xff534d42, "CIFS"],
    [0xff534d42 | 0, "CIFS"],
    [0xfe534d42 | 0, "SMB2"],
    [0x65735546, "FUSE"],
    [0x01021997, "9P"],
  ];
  for (const [type, name] of types) expect(networkDisk("/data", () => type)).toBe(name);
});

test("local file systems, and those that nobody can ask, give no warning", () => {
  // ext4, xfs, btrfs, tmpfs, overlayfs
  for (const type of [0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0]) {
    expect(networkDisk("/data", () => type)).toBeNull();
  }
  const unknown = () => {
    throw new Error("ENOSYS");
  };
  expect(networkDisk("/data", unknown)).toBeNull();
  expect(networkDisk(tmpdir())).toBeNull();
});

test("the warning says what may happen and what to do", () => {
  expect(networkDiskWarning("/data/paybell.db", "NFS")).toMatch(
    /network disk \(NFS\).*lost.*local disk, or use PostgreSQL/,
  );
});
