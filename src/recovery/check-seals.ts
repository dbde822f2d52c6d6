import type { AuditedSeal, AuditView } from "../store/audit.ts";
import type { Report } from "./finding.ts";

/** A seal that an operator wrote down elsewhere. */
export interface KnownSeal {
  readonly number: number;
  readonly hash: string;
}

/** Seals, each against the one before it and the inputs in its range as they are now. */
export async function checkSeals(view: AuditView, seals: readonly AuditedSeal[], report: Report): Promise<void> {
  for (const seal of seals) {
    const { number, before, last, hash } = seal;
    if (before === null) report("input_chain", `seal ${number}`, `seal ${number - 1} is missing`);
    else if ((await view.sealHash({ ...seal, before })) !== hash)
      report("input_chain", `seal ${number}`, `inputs ${before.last + 1n} to ${last} are not those that were sealed`);
  }
}

/** Only who kept a seal elsewhere sees that the whole chain was written anew, or cut off. */
export async function checkKnownSeal(view: AuditView, known: KnownSeal, report: Report): Promise<void> {
  const [stored] = await view.seals(known.number - 1, 1);
  if (stored?.number !== known.number) report("input_chain", `seal ${known.number}`, "it is missing");
  else if (stored.hash !== known.hash) report("input_chain", `seal ${known.number}`, "it is not the one that was kept");
}
