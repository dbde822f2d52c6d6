import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { STRIPE_SECRET } from "../end-to-end/server.ts";

const COMMAND = fileURLToPath(new URL("../../dist/paybell.js", import.meta.url));

export interface Answer {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command as an operator runs it: a process of its own, beside the server. */
export function paybell(url: string, ...args: readonly string[]): Promise<Answer> {
  return paybellWith({ DATABASE_URL: url, STRIPE_WEBHOOK_SECRET: STRIPE_SECRET }, ...args);
}

export function paybellWith(settings: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Answer> {
  const { PATH = "" } = process.env;
  const env = { PATH, ...settings };
  const child = spawn(process.execPath, [COMMAND, ...args], { env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, out, err })));
}
