import type { ApiParts } from "./parts.ts";

/** Test money among live money is how a shop ships for nothing: unless asked, a list shows the accounts' own mode. */
export function wantedMode(
  parts: Pick<ApiParts, "live" | "liveOfAccount">,
  wanted: "true" | "false" | "all" | undefined,
  account: string | undefined,
): boolean | null {
  if (wanted === "all") return null;
  if (wanted !== undefined) return wanted === "true";
  return (account === undefined ? null : parts.liveOfAccount(account)) ?? parts.live;
}
