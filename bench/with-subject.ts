import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Generator, openGenerator } from "./load/open-generator.ts";
import type { SubjectName } from "./options.ts";
import { ALL_SUBJECTS } from "./subjects/all.ts";
import type { RunningSubject } from "./subjects/subject.ts";

/** This checkout. */
export const ROOT = join(import.meta.dirname, "..");

/** Everything fresh, and gone afterwards: database, processes, the generator as well. */
export async function withSubject<Result>(
  {
    name,
    postgresql,
    root = ROOT,
  }: { readonly name: SubjectName; readonly postgresql: string; readonly root?: string },
  work: (subject: RunningSubject, generator: Generator) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "paybell-bench-"));
  const generator = await openGenerator();
  const subject = await ALL_SUBJECTS[name].start({ root, folder, postgresql });
  try {
    return await work(subject, generator);
  } finally {
    generator.close();
    await subject.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
