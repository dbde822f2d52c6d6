import * as z from "zod";
import { MAX_PIECES } from "../../pipeline/stock-loads.ts";
import { paging, printable, trimmed, yesNo } from "./schemas.ts";

/** What the stock's routes take. */

const wholeNumber = (min: number) =>
  z
    .number("must be a whole number")
    .int("must be a whole number")
    .min(min, `must be between ${min} and ${MAX_PIECES}`)
    .max(MAX_PIECES, `must be between ${min} and ${MAX_PIECES}`);

export const stockSku = trimmed(100);
const level = wholeNumber(-MAX_PIECES);
const change = wholeNumber(-MAX_PIECES);
/** Null takes the threshold away; absent leaves it as it is. */
const lowAt = wholeNumber(0).nullable().optional();

const whoAndWhy = { reference: printable(150), by: printable(200), reason: printable(500) };
const live = z.boolean("must be true or false").optional();

export const levelToSet = z.strictObject({ ...whoAndWhy, live, level, lowAt });
export const levelToChange = z.strictObject({ ...whoAndWhy, live, change, lowAt });

/** The rows of an import. */
export const itemToSet = z.strictObject({ sku: stockSku, level, lowAt }).transform(withoutUntold);
export const itemToChange = z.strictObject({ sku: stockSku, change, lowAt }).transform(withoutUntold);

function withoutUntold<Item extends { readonly lowAt?: number | null | undefined }>({ lowAt: told, ...item }: Item) {
  return { ...item, ...(told !== undefined && { lowAt: told }) };
}

export const importQuery = z.strictObject({ ...whoAndWhy, live: yesNo.optional() });
export const modeQuery = z.strictObject({ live: yesNo.optional() });
export const levelQuery = z.strictObject({ live: yesNo.optional(), low: yesNo.optional(), ...paging });
export const movementQuery = z.strictObject({ live: yesNo.optional(), ...paging });
