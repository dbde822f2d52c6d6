/** Resolves after `ms`, or as soon as `until` is aborted. */
export function pause(ms: number, until?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until?.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      until?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, ms));
    until?.addEventListener("abort", end);
  });
}
