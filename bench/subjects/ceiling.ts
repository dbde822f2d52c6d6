import { startOneProcess } from "./one-process.ts";
import type { Subject } from "./subject.ts";

/** As far as a process gets that does nothing but HTTP and the signature. */
export const CEILING: Subject = {
  name: "ceiling",
  title: "The ceiling: nothing stored",
  start: ({ root }) =>
    startOneProcess({ root, file: "ceiling.ts", env: {}, path: "/ipn/stripe", readyPath: "/health/live" }),
};
