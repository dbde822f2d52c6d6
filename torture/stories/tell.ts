import { randomOf } from "../random.ts";
import { MERCHANT_TEMPLATES } from "./merchant.ts";
import { PAYPAL_TEMPLATES } from "./paypal.ts";
import type { Setting, Story, Template } from "./story.ts";
import { STRIPE_TEMPLATES } from "./stripe.ts";
import { SUBSCRIPTION_TEMPLATES } from "./subscriptions.ts";

export const TEMPLATES: readonly Template[] = [
  ...STRIPE_TEMPLATES,
  ...PAYPAL_TEMPLATES,
  ...SUBSCRIPTION_TEMPLATES,
  ...MERCHANT_TEMPLATES,
];

export const RECEIVER = "seller@shop.example";
const DAYS = 86_400;

/** The `index`th story of a run under fire: the same for the same seed, but for the day on which it begins. */
export function tellStory(seed: number, index: number, today: number): Story {
  const { setting, random } = settingOf(seed, `story ${index}`, { index, today });
  for (;;) {
    const story = random.pick(TEMPLATES)(setting);
    if (story.needsPeace === undefined) return story;
  }
}

/** Every story there is, each once. */
export function tellAll(seed: number, today: number): readonly Story[] {
  return TEMPLATES.map((template, index) => template(settingOf(seed, `peace ${index}`, { index, today }).setting));
}

function settingOf(seed: number, stream: string, { index, today }: { index: number; today: number }) {
  const random = randomOf(seed, stream);
  const setting: Setting = {
    // No letter that ends an id may begin a part's: `w`, `x` and `y` mark parts.
    id: `${index.toString(36)}z${random.text(8)}`,
    random,
    amount: random.between(10, 500) * 100,
    start: today - random.between(12 * DAYS, 20 * DAYS),
    receiver: RECEIVER,
  };
  return { setting, random };
}
