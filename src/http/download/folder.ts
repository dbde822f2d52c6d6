import { constants } from "node:fs";
import { type FileHandle, open, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { isFileName } from "./file-name.ts";

/** The merchant's files that buyers may download. Never anything outside the folder, whatever names and links say. */

export interface OpenFile {
  /** The caller's to close. */
  readonly handle: FileHandle;
  readonly size: number;
  readonly modifiedAt: Date;
  /** Strong (RFC 9110 §8.8.1): what is written anew has another time of change, or another inode. */
  readonly etag: string;
}

export type FileProblem = "no_folder" | "bad_name" | "not_there" | "outside" | "no_file";

/** What is opened for reading ends here: no symbolic link in place of the file, no waiting for a pipe's other end. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class DownloadFolder {
  readonly #root: string | null;

  constructor(root: string | null) {
    this.#root = root;
  }

  /** Null where the file is there to be downloaded. */
  async problemOf(name: string): Promise<FileProblem | null> {
    const opened = await this.open(name);
    if (typeof opened === "string") return opened;
    await opened.handle.close();
    return null;
  }

  async open(name: string): Promise<OpenFile | FileProblem> {
    if (this.#root === null) return "no_folder";
    if (!isFileName(name)) return "bad_name";
    const root = await realpath(this.#root).catch(() => null);
    if (root === null) return "no_folder";
    // Links within the folder are the merchant's own affair; where they lead out of it, they lead nowhere.
    const path = await realpath(join(root, name)).catch(() => null);
    if (path === null) return "not_there";
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return "outside";
    const handle = await open(path, FLAGS).catch(() => null);
    return handle === null ? "not_there" : regularFile(handle);
  }
}

/** What was opened is asked what it is: between a look and the opening it might have become something else. */
async function regularFile(handle: FileHandle): Promise<OpenFile | FileProblem> {
  const stat = await handle.stat({ bigint: true }).catch(() => null);
  if (!stat?.isFile()) {
    await handle.close();
    return "no_file";
  }
  const { size, mtime, mtimeNs, ctimeNs, ino } = stat;
  const etag = `"${[size, mtimeNs, ctimeNs, ino].map((part) => part.toString(36)).join("-")}"`;
  return { handle, size: Number(size), modifiedAt: mtime, etag };
}
