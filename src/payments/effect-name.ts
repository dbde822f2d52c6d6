/** What follows from paid orders besides telling of them; each can be switched off. */
export const EFFECT_NAMES = ["customers", "downloads", "ledger", "licenses", "stock", "subscriptions"] as const;

export type EffectName = (typeof EFFECT_NAMES)[number];
