import { pathToFileURL } from "node:url";
import { PrismaLibSql } from "@prisma/adapter-libsql";
import { StoreError } from "../store.ts";

/**
 * One process a file. The lock is an open exclusive transaction on a second, empty database `<file>.lock`: the operating
 * system lets go of it when the process ends, however it ends, so nothing is left to clean up after kill -9.
 */
export async function lockFile(file: string): Promise<() => Promise<void>> {
  const adapter = await new PrismaLibSql({ url: pathToFileURL(`${file}.lock`).href }).connect();
  try {
    await adapter.executeRaw({ sql: "BEGIN EXCLUSIVE", args: [], argTypes: [] });
  } catch (error) {
    await adapter.dispose();
    throw inUse(file, error);
  }
  return async () => {
    // Closing alone leaves the transaction open until the connection is collected: the same process could not open the file again.
    await adapter.executeRaw({ sql: "ROLLBACK", args: [], argTypes: [] });
    await adapter.dispose();
  };
}

function inUse(file: string, cause: unknown): StoreError {
  return new StoreError("unavailable", `${file} is open in another process (it holds ${file}.lock)`, { cause });
}
