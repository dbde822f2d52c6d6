import { crc32 } from "node:zlib";

/**
 * `forged` with 64 characters added so that its CRC-32 is that of `genuine`. CRC-32 is affine over GF(2): flipping one
 * free bit of the filler always changes the sum by the same 32-bit column, so Gaussian elimination finds the bits to flip.
 * No key is needed, which is why PayPal's signature alone proves nothing about a body.
 */
export function collide(forged: string, genuine: string): string {
  const filler = Array.from({ length: 64 }, () => false);
  const base = crc32(withFiller(forged, filler));
  const basis = eliminate(filler.map((_, i) => xor(crc32(withFiller(forged, filler.with(i, true))), base)));
  const bits = solve(basis, xor(crc32(genuine), base));
  return withFiller(
    forged,
    filler.map((_, i) => ((bits >> BigInt(i)) & 1n) === 1n),
  );
}

/** One column reduced to a leading bit of its own, and the filler bits that make it. */
interface Row {
  readonly value: number;
  readonly bits: bigint;
}

function withFiller(body: string, bits: readonly boolean[]): string {
  const text = bits.map((bit) => (bit ? "1" : "0")).join("");
  return `${body.slice(0, body.lastIndexOf("}"))},"x":"${text}"}`;
}

function eliminate(columns: readonly number[]): ReadonlyMap<number, Row> {
  const basis = new Map<number, Row>();
  columns.forEach((column, i) => {
    const row = reduce(basis, { value: column, bits: 1n << BigInt(i) });
    if (row.value !== 0) basis.set(Math.clz32(row.value), row);
  });
  return basis;
}

function reduce(basis: ReadonlyMap<number, Row>, row: Row): Row {
  const known = row.value === 0 ? undefined : basis.get(Math.clz32(row.value));
  return known ? reduce(basis, { value: xor(row.value, known.value), bits: row.bits ^ known.bits }) : row;
}

function solve(basis: ReadonlyMap<number, Row>, target: number): bigint {
  const { value, bits } = reduce(basis, { value: target, bits: 0n });
  if (value !== 0) throw new Error("the filler is too short to reach the sum");
  return bits;
}

function xor(a: number, b: number): number {
  return (a ^ b) >>> 0;
}
