import type { AccountConfig } from "../gateways/account.ts";
import type { Applied } from "../pipeline/apply.ts";
import type { Following } from "../pipeline/rules.ts";
import type { NewInput, SharedStore, StoreError } from "../store/store.ts";

/** What the applying thread is given and asked, and what it answers. */

/** Its `workerData`. */
export interface ApplyData {
  readonly shared: SharedStore;
  readonly accounts: readonly AccountConfig[];
  readonly following: Following;
  readonly version: string;
  readonly loopbackHttp: boolean;
}

/** Bodies lie one behind the other in one piece of memory, which is handed over instead of copied. */
export interface Packed {
  readonly inputs: readonly (Omit<NewInput, "body"> & { readonly size: number })[];
  readonly bodies: ArrayBuffer;
}

export interface Batch {
  readonly id: number;
  readonly owner: string;
  readonly packed: Packed;
}

/** `ready`: from now on batches can be asked for. */
export type BatchAnswer =
  | { readonly kind: "ready" }
  | { readonly id: number; readonly kind: "applied"; readonly applied: readonly Applied[]; readonly tells: boolean }
  | {
      readonly id: number;
      readonly kind: "failed";
      /** Of a StoreError; null for any other. */
      readonly reason: StoreError["reason"] | null;
      readonly name: string;
      readonly message: string;
      readonly stack: string;
    };

export function pack(inputs: readonly NewInput[]): Packed {
  const bodies = new Uint8Array(inputs.reduce((sum, { body }) => sum + body.byteLength, 0));
  let at = 0;
  const packed = inputs.map(({ body, ...input }) => {
    bodies.set(body, at);
    at += body.byteLength;
    return { size: body.byteLength, ...input };
  });
  return { inputs: packed, bodies: bodies.buffer };
}

export function unpack({ inputs, bodies }: Packed): readonly NewInput[] {
  let at = 0;
  return inputs.map(({ size, ...input }) => {
    const body = Buffer.from(bodies, at, size);
    at += size;
    return { body, ...input };
  });
}
