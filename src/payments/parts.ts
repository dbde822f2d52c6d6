import { type Authorization, foldAuthorization } from "./attempt.ts";
import type { FactOf } from "./attribute.ts";
import { type Capture, foldCapture } from "./capture.ts";
import { type Claim, readClaims } from "./claim.ts";
import { Edges } from "./edge.ts";
import type { StoredFact } from "./fact.ts";
import { type Dispute, foldDispute, foldReview, Objects, type Review } from "./group.ts";
import { foldReinstatement, foldReversal, type Reinstatement, type Reversal } from "./loss.ts";
import { foldRefund, type Refund } from "./refund.ts";

/** A payment's objects and its cases, each folded from its own facts. */
export interface Parts {
  readonly edges: Edges;
  readonly captures: readonly Capture[];
  readonly claims: readonly Claim[];
  readonly authorizations: readonly Authorization[];
  readonly intents: ReadonlyMap<string, readonly FactOf<"intent">[]>;
  readonly sessions: ReadonlyMap<string, readonly FactOf<"session">[]>;
  readonly refunds: readonly Refund[];
  readonly reversals: readonly Reversal[];
  readonly reinstatements: readonly Reinstatement[];
  readonly disputes: readonly Dispute[];
  readonly reviews: readonly Review[];
}

/** `own`: facts about the payment's objects; `groups`: facts about the groups linked with it. */
export function foldParts(own: readonly StoredFact[], groups: readonly StoredFact[]): Parts {
  const edges = new Edges(own);
  const objects = new Objects(own);
  const cases = new Objects(groups);
  const captures = [...objects.of("capture")].map(([reference, facts]) => foldCapture(reference, facts));
  const intents = objects.of("intent");
  return {
    edges,
    captures,
    claims: readClaims(intents, captures, (intent) => edges.capturesOf(intent)),
    authorizations: [...objects.of("authorization")].map(([id, facts]) => foldAuthorization(id, facts)),
    intents,
    sessions: objects.of("session"),
    refunds: [...objects.of("refund")].map(([id, facts]) => foldRefund(id, facts)),
    reversals: [...objects.of("reversal")].map(([id, facts]) => foldReversal(id, facts)),
    reinstatements: [...objects.of("reinstatement")].map(([id, facts]) => foldReinstatement(id, facts)),
    disputes: [...cases.of("dispute")].map(([id, facts]) => foldDispute(id, facts)),
    reviews: [...cases.of("review")].map(([id, facts]) => foldReview(id, facts)),
  };
}
