import * as z from "zod";
import { type Message, skip, tell, type Values } from "../message.ts";
import { SAMPLE_TIME } from "../samples.ts";
import { oneLine, type Words } from "../words.ts";

/** To the merchant: one of their own systems hears nothing any more. */
export const endpointDisabled: Message = {
  name: "endpoint-disabled",
  to: "mail:merchant",
  event: "endpoint.disabled",
  async tell({ event, words, isEnabled }) {
    const endpoint = endpointIn(event.snapshot);
    if (await isEnabled(endpoint.id)) return skip("no_longer_true");
    return tell(values(endpoint, event.at.getTime(), words));
  },
  sample: (words) =>
    values(
      { id: "ep_01kb3f5s7q0000000000000000", url: "https://shop.example.com/hooks/paybell", reason: "broken" },
      SAMPLE_TIME,
      words,
    ),
};

function values(endpoint: z.infer<typeof snapshot>["endpoint"], at: number, words: Words): Values {
  return {
    test: false,
    endpoint: {
      id: oneLine(endpoint.id),
      host: hostOf(endpoint.url),
      gone: endpoint.reason === "gone",
      broken: endpoint.reason !== "gone",
      at: words.time(at),
    },
  };
}

/** Paths and queries of such addresses may hold secrets. */
function hostOf(url: string | null): string {
  return url !== null && URL.canParse(url) ? new URL(url).host : "";
}

const snapshot = z.object({ endpoint: z.object({ id: z.string(), url: z.string().nullable(), reason: z.string() }) });

function endpointIn(text: string): z.infer<typeof snapshot>["endpoint"] {
  return snapshot.parse(JSON.parse(text)).endpoint;
}
