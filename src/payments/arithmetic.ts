/** bigint has no Math.max; and texts and amounts are compared so that no locale can change the order. */

export function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

export function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n;
}

/** The largest; 0 of none, or of negative ones only. */
export function largest(amounts: readonly bigint[]): bigint {
  return [0n, ...amounts].sort(compareAmounts).at(-1) ?? 0n;
}

/** The smallest; null of none. */
export function smallest(amounts: readonly bigint[]): bigint | null {
  return [...amounts].sort(compareAmounts)[0] ?? null;
}

/** The earliest time; null of none. */
export function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : times.reduce((least, time) => Math.min(least, time));
}

export function compareAmounts(left: bigint, right: bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** By UTF-16 code units: the same everywhere, unlike `localeCompare`. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
