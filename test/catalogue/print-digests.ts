import { GATEWAYS } from "../../src/gateways/registry.ts";
import { digestsOf, factsOf } from "../conformance/folded.ts";
import { vectorsOf } from "../conformance/vector.ts";

/** Prints one line a payment of each gateway's vectors; run by `places.test.ts` under other time zones and locales. */
for (const gateway of GATEWAYS) {
  for (const digest of digestsOf(factsOf(gateway, vectorsOf(gateway.id).vectors)))
    console.log(gateway.id, JSON.stringify(digest));
}
