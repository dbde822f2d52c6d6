import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** A real Chromium: Debian's, as no browser is downloaded. */

const CHROMIUM = "/usr/bin/chromium";

/** Without these it would look up hosts that a closed network refuses. */
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why no browser can be tested with, or null. With PAYBELL_REQUIRE_BROWSER=1 its absence is an error instead. */
export function browserIsAbsent(): string | null {
  if (existsSync(CHROMIUM)) return null;
  const reason = `there is no ${CHROMIUM} (apt-get install chromium)`;
  if (process.env.PAYBELL_REQUIRE_BROWSER === "1") throw new Error(reason);
  return reason;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A page with all that went wrong in it: errors, and what it asked of anybody but the server it came from. */
export interface OpenPage {
  readonly page: Page;
  readonly problems: readonly string[];
}

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const problems: string[] = [];
  const context = await browser.newContext({ locale: "en-US", ...options });
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("net::ERR")) problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(url).origin)) problems.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, problems };
}

/** Resolves when the page says it of the order's status. */
export function sees(page: Page, text: string, ms = 5_000): Promise<void> {
  return page.locator("#status", { hasText: text }).waitFor({ timeout: ms });
}
