import { createHash } from "node:crypto";
import { moneyText } from "../../payments/money-text.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import type { BuyerStatus, BuyerView } from "./buyer-view.ts";
import { Html, html } from "./html.ts";
import { type Language, type NoticeKind, WORDS } from "./words.ts";

/** The buyer's page as HTML: whole, and its parts for whoever has it open already. */

export interface Rendered {
  readonly title: string;
  readonly status: string;
  readonly details: string;
  /** The same for the same parts. */
  readonly version: string;
}

/** Without a script the page comes again by itself, as long as something is awaited. */
const REFRESH_SECONDS = 15;

const AWAITED: ReadonlySet<BuyerStatus> = new Set<BuyerStatus>([
  "waiting",
  "action",
  "processing",
  "partly_paid",
  "failed",
  "checking",
]);

/** A colour and a sign of each status; the words beside them say the same. */
const LOOKS: Readonly<Record<BuyerStatus, { readonly tone: string; readonly sign: keyof typeof SIGNS }>> = {
  waiting: { tone: "wait", sign: "clock" },
  action: { tone: "wait", sign: "alert" },
  processing: { tone: "calm", sign: "clock" },
  partly_paid: { tone: "wait", sign: "clock" },
  paid: { tone: "good", sign: "check" },
  partly_refunded: { tone: "calm", sign: "back" },
  refunded: { tone: "calm", sign: "back" },
  returned: { tone: "bad", sign: "back" },
  failed: { tone: "bad", sign: "cross" },
  checking: { tone: "calm", sign: "clock" },
  canceled: { tone: "bad", sign: "cross" },
  expired: { tone: "bad", sign: "cross" },
};

const SIGNS = {
  check: "M5 12.5l4.5 4.5L19 7.5",
  cross: "M7 7l10 10M17 7L7 17",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
  alert: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5v5M12 16.5v.01",
  back: "M9 7L5 11l4 4M5 11h9a5 5 0 0 1 0 10h-2",
} as const;

/** Whose page it is, and for whom. */
export interface Rendering {
  readonly shop: string;
  readonly language: Language;
  readonly downloadUrl: (order: string, sku: string) => string;
}

export function renderParts(view: BuyerView, rendering: Rendering): Rendered {
  const { shop, language } = rendering;
  const words = WORDS[language];
  const title = `${words.statuses[view.status].title} · ${words.order} ${view.reference} · ${shop}`;
  const status = statusBox(view.status, language).text;
  const details = detailsOf(view, rendering).text;
  const hash = createHash("sha256")
    .update(JSON.stringify([title, status, details]))
    .digest("base64url");
  return { title, status, details, version: hash.slice(0, 16) };
}

export function renderPage(view: BuyerView, rendering: Rendering): string {
  const { shop, language } = rendering;
  const words = WORDS[language];
  const parts = renderParts(view, rendering);
  const isAwaited = AWAITED.has(view.status) || view.goods.licenses.some(({ missing }) => missing > 0);
  const refresh = html`<noscript><meta http-equiv="refresh" content="${REFRESH_SECONDS}"></noscript>`;
  const head = html`${isAwaited ? refresh : null}`;
  const body = html`<h1>${words.order} ${view.reference}</h1>
<div id="status" role="status" aria-live="polite" aria-atomic="true">${new Html(parts.status)}</div>
<div id="details">${new Html(parts.details)}</div>
${view.returnUrl === null ? null : html`<p class="back"><a href="${view.returnUrl}" rel="noreferrer">${words.back}</a></p>`}`;
  const footer = html`<p><span class="still">${words.reload}</span><span class="follows">${words.live}</span></p>`;
  const script = html`<script>${new Html(SCRIPT)}</script>`;
  return whole({ language, shop, title: parts.title, version: parts.version, head, body, footer, script });
}

/** What is not there, or not now: without a word about any order. */
export function renderNotice(kind: NoticeKind, shop: string, language: Language): string {
  const { title, text } = WORDS[language].notices[kind];
  const body = html`<h1>${title}</h1><p>${text}</p>`;
  const head = kind === "unavailable" ? html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">` : null;
  return whole({ language, shop, title: `${title} · ${shop}`, version: "", head, body, footer: null, script: null });
}

function whole(page: {
  readonly language: Language;
  readonly shop: string;
  readonly title: string;
  readonly version: string;
  readonly head: Html | null;
  readonly body: Html;
  readonly footer: Html | null;
  readonly script: Html | null;
}): string {
  return html`<!doctype html>
<html lang="${page.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${page.title}</title>
${page.head}<style>${new Html(STYLE)}</style>
</head>
<body data-version="${page.version}">
<header><p>${page.shop}</p></header>
<main>
${page.body}
</main>
<footer>${page.footer}</footer>
${page.script}</body>
</html>
`.text;
}

function statusBox(status: BuyerStatus, language: Language): Html {
  const { title, text } = WORDS[language].statuses[status];
  const { tone, sign } = LOOKS[status];
  return html`<div class="status ${tone}" data-status="${status}">
<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${SIGNS[sign]}"/></svg>
<p><strong>${title}</strong></p>
<p>${text}</p>
</div>`;
}

function detailsOf(view: BuyerView, rendering: Rendering): Html {
  const { language } = rendering;
  const words = WORDS[language];
  const money = (amount: bigint): string => moneyText(amount, view.currency, language);
  const sums = [
    sum(words.total, money(view.total), true),
    ...(view.paid > 0n ? [sum(words.paid, money(view.paid))] : []),
    ...(view.refunded > 0n ? [sum(words.refunded, money(view.refunded))] : []),
    ...(view.due > 0n && view.paid > 0n ? [sum(words.due, money(view.due), true)] : []),
  ];
  const times = [
    time(words.orderedAt, view.orderedAt, language),
    ...(view.paidAt === null ? [] : [time(words.paidAt, view.paidAt, language)]),
    ...(view.expiresAt === null ? [] : [time(words.payUntil, view.expiresAt, language)]),
    time(words.changedAt, view.changedAt, language),
  ];
  return html`${view.live ? null : html`<p class="test">${words.test}</p>`}
${downloadsOf(view, rendering)}${licensesOf(view, language)}
${view.lines.length === 0 ? null : linesOf(view, language, money)}
<dl>${sums}</dl>
<dl class="times">${times}</dl>`;
}

function downloadsOf({ reference, goods }: BuyerView, { language, downloadUrl }: Rendering): Html | null {
  if (goods.downloads.length === 0) return null;
  const words = WORDS[language];
  const rows = goods.downloads.map((download) => {
    const { name, status, sku, left, grant } = download;
    if (status !== "ready" || grant === null) return html`<li>${name}<br><small>${words.download[status]}</small></li>`;
    const rest = words.downloadsLeft(left, dayText(grant.expiresAt, language));
    return html`<li><a href="${downloadUrl(reference, sku)}">${words.download.ready}: ${name}</a><br><small>${rest}</small></li>`;
  });
  return html`<section class="goods"><h2>${words.downloads}</h2><ul>${rows}</ul></section>`;
}

function licensesOf({ goods }: BuyerView, language: Language): Html | null {
  const words = WORDS[language];
  const shown = goods.licenses.filter(({ keys }) => keys.length > 0);
  const isMissing = goods.licenses.some(({ missing }) => missing > 0);
  if (shown.length === 0 && !isMissing) return null;
  const lists = shown.map(
    ({ name, keys }) => html`<h3>${name}</h3><ul>${keys.map(({ key }) => html`<li><code>${key}</code></li>`)}</ul>`,
  );
  return html`<section class="goods"><h2>${words.licenses}</h2>${lists}${isMissing ? html`<p>${words.licensesMissing}</p>` : null}</section>`;
}

function linesOf({ lines }: BuyerView, language: Language, money: (amount: bigint) => string): Html {
  const words = WORDS[language];
  const count = new Intl.NumberFormat(language);
  const rows = lines.map(
    (line) => html`<tr><td>${line.name}</td><td class="number">${count.format(line.quantity)}</td>
<td class="number">${money(line.amount)}</td></tr>`,
  );
  return html`<table><thead><tr><th scope="col">${words.items}</th><th scope="col" class="number">${words.quantity}</th>
<th scope="col" class="number">${words.amount}</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function sum(name: string, amount: string, isMain = false): Html {
  const look = isMain ? html` class="sum"` : null;
  return html`<dt${look}>${name}</dt><dd${look}>${amount}</dd>`;
}

function dayText(at: Date, language: Language): string {
  const shape = { dateStyle: "medium", timeZone: "UTC" } as const;
  return new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, shape).format(at);
}

/** In UTC, and saying so; the script shows it in the buyer's own time. */
function time(name: string, at: Date, language: Language): Html {
  const shape = { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" } as const;
  const text = `${new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, shape).format(at)} UTC`;
  return html`<dt>${name}</dt><dd><time datetime="${at.toISOString()}">${text}</time></dd>`;
}
