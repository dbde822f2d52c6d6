import type { AuthenticNotification, RawNotification, Verdict } from "../gateways/gateway.ts";

/**
 * The one place where a notification becomes authentic. It takes the verdict that says so, or the journal's word that
 * such a verdict was given before the row was written (its state is not `unproven`).
 */
export function authenticate(
  raw: RawNotification,
  proof: Extract<Verdict, { kind: "authentic" }> | { readonly kind: "journaled_as_proven" },
): AuthenticNotification {
  // Asked for its type alone: whoever calls has to name the proof, and `readNotification` refuses rows that have none.
  void proof;
  return raw as AuthenticNotification;
}
