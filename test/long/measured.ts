import type { TestContext } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** What a long test measured, in a few words for the result file. */
    measured?: string;
  }
}

export function measured(context: TestContext, text: string): void {
  context.task.meta.measured = text;
}
