import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { StoreError } from "./store.ts";

/** A database's address, read once. */
export type DatabaseUrl =
  | { readonly dialect: "postgresql"; readonly url: string }
  /** `file` is absolute, `url` names the same. */
  | { readonly dialect: "sqlite"; readonly url: string; readonly file: string };

/** Reads `postgresql://…`, `postgres://…` or `file:…` (relative to the working directory); throws a StoreError on anything else. */
export function readDatabaseUrl(url: string): DatabaseUrl {
  if (/^postgres(ql)?:\/\//.test(url)) return { dialect: "postgresql", url };
  if (!url.startsWith("file:")) {
    throw new StoreError("data", "DATABASE_URL must begin with file: or postgresql://");
  }
  const file = url.startsWith("file:///") ? fileURLToPath(url) : resolve(decodeURIComponent(url.slice("file:".length)));
  return { dialect: "sqlite", url: pathToFileURL(file).href, file };
}
