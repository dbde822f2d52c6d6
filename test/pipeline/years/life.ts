/** What the lives of subscriptions are told with, whoever tells them. */

export interface Life {
  /** Part of every id of its own: letters and digits. */
  readonly name: string;
  readonly order: string;
  /** USD cents each period. */
  readonly amount: number;
  /** ms since 1970 UTC, more than a year ago. */
  readonly start: number;
}

export interface Told {
  readonly gateway: "stripe" | "paypal" | "paypal-ipn";
  readonly at: number;
  readonly body: string;
}

export const DAY = 86_400_000;

export function monthsLater(start: number, months: number): number {
  const date = new Date(start);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.getTime();
}

export function decimal(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** In another order each `seed`, the same for the same. */
export function shuffled<Each>(all: readonly Each[], seed: number): readonly Each[] {
  let state = seed * 2_654_435_761 + 1;
  const order = all.map((each) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return { each, place: state };
  });
  return order.sort((one, other) => one.place - other.place).map(({ each }) => each);
}
