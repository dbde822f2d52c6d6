import { readFileSync } from "node:fs";

/** Microseconds since the machine started in which some process waited for a processor; null where the kernel does not say. */
function waited(): number | null {
  try {
    return Number(/some .*total=(\d+)/.exec(readFileSync("/proc/pressure/cpu", "utf8"))?.[1]);
  } catch {
    return null;
  }
}

/**
 * How crowded the machine is, from when this is called: the part of the time, 0 to 1, in which somebody waited for a
 * processor. What is late on a machine that is crowded says little about the service.
 */
export function measureCrowd(): () => number | null {
  const [began, before] = [performance.now(), waited()];
  return () => {
    const now = waited();
    return now === null || before === null ? null : (now - before) / 1000 / (performance.now() - began);
  };
}
