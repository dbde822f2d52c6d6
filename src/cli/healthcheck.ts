import { localAddress } from "../config/config.ts";

/** For the container's HEALTHCHECK: exits 0 when the process on this machine answers that it lives, else 1. The image has no curl. */

const TIMEOUT_MS = 4_000;

process.exitCode = (await isAlive()) ? 0 : 1;

async function isAlive(): Promise<boolean> {
  const { host, port } = localAddress();
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}/health/live`;
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}
