import * as z from "zod";
import { type Message, skip, tell, type Values } from "../message.ts";
import { oneLine } from "../words.ts";

/** To the merchant: orders are paid, and there is no key left for them. Told once until some are loaded. */
export const licenseExhausted: Message = {
  name: "license-exhausted",
  to: "mail:merchant",
  event: "license.exhausted",
  async tell({ event, waitingIn }) {
    const { pool, order } = snapshot.parse(JSON.parse(event.snapshot));
    const waiting = await waitingIn(pool);
    return waiting === 0 ? skip("no_longer_true") : tell(values(pool, order, waiting));
  },
  sample: () => values({ name: "tea-timer-pro", live: false }, "1001", 3),
};

const snapshot = z.object({ pool: z.object({ name: z.string(), live: z.boolean() }), order: z.string() });

function values(pool: z.infer<typeof snapshot>["pool"], order: string, waiting: number): Values {
  return {
    test: !pool.live,
    pool: { name: oneLine(pool.name), waiting: String(waiting), order: oneLine(order) },
  };
}
