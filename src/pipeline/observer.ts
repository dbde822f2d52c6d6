import type { InputState } from "../store/store.ts";

/** What the pipeline tells of its work while it works; metrics and tests implement it. Every call is cheap and never throws. */
export interface Observer {
  /** A request was answered 2xx, `seconds` after its arrival. */
  acknowledged(gateway: string, result: "stored" | "duplicate" | "variant", seconds: number): void;
  /** A request was refused or could not be stored. */
  refused(gateway: string, reason: string): void;
  /** An input got an outcome (or a waiting state), `seconds` after its receipt. */
  settled(gateway: string, state: InputState, reason: string | null, seconds: number): void;
  /** One commit of the journal, or one of the applier. */
  committed(kind: "journal" | "apply", rows: number, seconds: number): void;
  /** A verifier or an API was asked. */
  asked(
    channel: { readonly gateway: string; readonly account: string },
    answer: "authentic" | "forged" | "confirmed" | "contradicted" | "cannot_confirm" | "unreachable",
    seconds: number,
  ): void;
  /** Something that a person should hear of: logged as an error, counted, shown in /health. */
  alarm(
    kind:
      | "same_key_other_body"
      | "nonce_reused"
      | "poison"
      | "quarantined"
      | "parked_overdue"
      | "flagged"
      | "unproven_expired"
      | "store_unavailable"
      | "law_broken"
      | "endpoint_disabled",
    about: { readonly gateway: string; readonly input: string | null; readonly detail: string },
  ): void;
}
