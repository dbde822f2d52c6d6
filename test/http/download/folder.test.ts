import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isFileName } from "../../../src/http/download/file-name.ts";
import { DownloadFolder } from "../../../src/http/download/folder.ts";

let base: string;
let folder: DownloadFolder;
const socket = createServer();

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "paybell-folder-"));
  const root = join(base, "files");
  mkdirSync(join(root, "guides"), { recursive: true });
  mkdirSync(join(base, "files-private"));
  writeFileSync(join(base, "secret.txt"), "secret");
  writeFileSync(join(base, "files-private", "secret.txt"), "secret");
  writeFileSync(join(root, "tea.pdf"), "tea");
  writeFileSync(join(root, "guides", "%2e%2e.txt"), "named so");
  writeFileSync(join(root, ".hidden"), "hidden");
  symlinkSync(join(root, "tea.pdf"), join(root, "inside.pdf"));
  symlinkSync(join(base, "secret.txt"), join(root, "outside.txt"));
  symlinkSync(base, join(root, "up"));
  symlinkSync("/dev/zero", join(root, "zero"));
  symlinkSync("loop", join(root, "loop"));
  execFileSync("/bin/sh", ["-c", `mkfifo "$1"`, "sh", join(root, "pipe")]);
  await new Promise<void>((resolve) => socket.listen(join(root, "socket"), resolve));
  linkSync(join(root, "tea.pdf"), join(root, "hard.pdf"));
  symlinkSync(root, join(base, "linked-root"));
  folder = new DownloadFolder(root);
});

afterAll(() => {
  socket.close();
  rmSync(base, { recursive: true, force: true });
});

describe("a file is had", () => {
  test.each(["tea.pdf", "inside.pdf", "hard.pdf", "guides/%2e%2e.txt"])("as %s", async (name) => {
    expect(await folder.problemOf(name)).toBeNull();
  });

  test("below a folder that is itself a link", async () => {
    expect(await new DownloadFolder(join(base, "linked-root")).problemOf("tea.pdf")).toBeNull();
  });

  test("with a strong tag that changes with the file", async () => {
    const tag = async () => {
      const opened = await folder.open("guides/changing.txt");
      if (typeof opened === "string") throw new Error(opened);
      await opened.handle.close();
      return opened.etag;
    };
    const path = join(base, "files", "guides", "changing.txt");
    writeFileSync(path, "one");
    const first = await tag();
    expect(first).toMatch(/^"[0-9a-z-]+"$/);
    expect(await tag()).toBe(first);
    writeFileSync(path, "two");
    expect(await tag()).not.toBe(first);
  });
});

describe("nothing else is", () => {
  test.each([
    ["../secret.txt", "bad_name"],
    ["guides/../../secret.txt", "bad_name"],
    ["..", "bad_name"],
    ["guides/..", "bad_name"],
    ["/etc/passwd", "bad_name"],
    ["./tea.pdf", "bad_name"],
    ["guides//tea.pdf", "bad_name"],
    ["..\\secret.txt", "bad_name"],
    ["tea.pdf\0.txt", "bad_name"],
    ["tea.pdf:stream", "bad_name"],
    [".hidden", "bad_name"],
    ["", "bad_name"],
    ["%2e%2e/secret.txt", "not_there"],
    ["..%2fsecret.txt", "bad_name"],
    ["outside.txt", "outside"],
    ["up/secret.txt", "outside"],
    ["up/files-private/secret.txt", "outside"],
    ["zero", "outside"],
    ["loop", "not_there"],
    ["pipe", "no_file"],
    ["socket", "not_there"],
    ["guides", "no_file"],
    ["tea.pdf/", "bad_name"],
    ["tea.pdf/x", "not_there"],
    [`${"a".repeat(299)}`, "not_there"],
    [`${"a".repeat(301)}`, "bad_name"],
  ])("as %j: %s", { timeout: 5_000 }, async (name, problem) => {
    expect(await folder.problemOf(name)).toBe(problem);
  });

  test("where there is no folder", async () => {
    expect(await new DownloadFolder(null).problemOf("tea.pdf")).toBe("no_folder");
    expect(await new DownloadFolder(join(base, "nowhere")).problemOf("tea.pdf")).toBe("no_folder");
  });

  test("whatever a name is made of", () => {
    const part = fc.constantFrom("..", ".", "", "a", "/", "\\", "%2e", "\0", "…", "~", ":");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const name = parts.join("");
        if (!isFileName(name)) return;
        expect(join("/root", name).startsWith("/root/")).toBe(true);
        expect(name).not.toMatch(/\0|\\|:|(^|\/)\./);
      }),
    );
  });
});
