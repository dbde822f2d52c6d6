import { expect, test } from "vitest";
import { LoopLag } from "../../src/http/loop-lag.ts";

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("a loop whose turns are long is late, and no longer when they are short again", async () => {
  const lag = new LoopLag();
  try {
    for (let i = 0; i < 4; i += 1) {
      block(1_400);
      await turn();
    }
    expect(lag.isLate).toBe(true);
    await expect.poll(() => lag.isLate, { timeout: 10_000 }).toBe(false);
  } finally {
    lag.stop();
  }
});

test("one long turn among short ones is not late", async () => {
  const lag = new LoopLag();
  try {
    await new Promise((resolve) => setTimeout(resolve, 400));
    block(300);
    for (let i = 0; i < 20; i += 1) {
      expect(lag.isLate).toBe(false);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
  } finally {
    lag.stop();
  }
});
