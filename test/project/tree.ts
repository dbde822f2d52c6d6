import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../../scripts/prepare.mjs";

/** A copy of a part of the repository in a folder of its own, with the same node_modules: to spoil it, or to build on it. */
export interface Tree extends Disposable {
  readonly folder: string;
  write(path: string, text: string): void;
  remove(path: string): void;
}

export function copyTree(...paths: readonly string[]): Tree {
  const folder = mkdtempSync(join(tmpdir(), "paybell-tree-"));
  for (const path of paths)
    if (existsSync(join(root, path))) cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    remove: (path) => rmSync(join(folder, path), { recursive: true, force: true }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
