import Stripe from "stripe";

/** Every cause for which a Stripe notification is refused, with the headers that make it. */
export function causes(body: string, secret: string): readonly (readonly [string, Record<string, string>])[] {
  const sign = (payload: string, key: string, timestamp = Math.floor(Date.now() / 1000)) =>
    Stripe.webhooks.generateTestHeaderString({ payload, secret: key, timestamp });
  const type = { "Content-Type": "application/json" };
  return [
    ["unsigned", type],
    ["malformed", { ...type, "Stripe-Signature": "t=abc,v1=00" }],
    ["another secret", { ...type, "Stripe-Signature": sign(body, `${secret}x`) }],
    ["another body", { ...type, "Stripe-Signature": sign("{}", secret) }],
    ["too old", { ...type, "Stripe-Signature": sign(body, secret, 1_700_000_000) }],
    ["of the future", { ...type, "Stripe-Signature": sign(body, secret, 4_000_000_000) }],
  ];
}

/** Welch's t of two samples, and how far their means are apart. */
export function welch(a: readonly number[], b: readonly number[]): { readonly t: number; readonly difference: number } {
  const [one, other] = [moments(a), moments(b)];
  const difference = one.mean - other.mean;
  return { t: difference / Math.sqrt(one.variance / a.length + other.variance / b.length), difference };
}

function moments(samples: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  return { mean, variance: samples.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (samples.length - 1) };
}
