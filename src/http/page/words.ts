import type { DownloadStatus } from "../../payments/goods.ts";
import type { BuyerStatus } from "./buyer-view.ts";

/** What the page says, in the languages it speaks. */

export type Language = "en" | "de";

interface Told {
  readonly title: string;
  readonly text: string;
}

/** What is said instead of what was asked for. */
export type NoticeKind = "notFound" | "unavailable" | Exclude<DownloadStatus, "ready">;

export interface Words {
  readonly order: string;
  readonly statuses: Readonly<Record<BuyerStatus, Told>>;
  readonly items: string;
  readonly quantity: string;
  readonly amount: string;
  readonly total: string;
  readonly paid: string;
  readonly refunded: string;
  readonly due: string;
  readonly orderedAt: string;
  readonly paidAt: string;
  readonly payUntil: string;
  readonly changedAt: string;
  readonly back: string;
  readonly test: string;
  readonly live: string;
  readonly reload: string;
  readonly downloads: string;
  /** How a download stands: a few words beside its name. */
  readonly download: Readonly<Record<DownloadStatus, string>>;
  /** What is left of it. */
  readonly downloadsLeft: (count: number, until: string) => string;
  readonly licenses: string;
  readonly licensesMissing: string;
  readonly notices: Readonly<Record<NoticeKind, Told>>;
}

const ENGLISH: Words = {
  order: "Order",
  statuses: {
    waiting: { title: "Waiting for your payment", text: "We have not heard of a payment yet." },
    action: { title: "Your payment needs you", text: "Please finish it where you started to pay." },
    processing: {
      title: "Your payment is on its way",
      text: "There is nothing left for you to do. This can take a while.",
    },
    partly_paid: { title: "Partly paid", text: "A part has arrived. The rest is still open." },
    paid: { title: "Paid", text: "Thank you. Your payment has arrived." },
    partly_refunded: { title: "Partly refunded", text: "A part of your payment was given back." },
    refunded: { title: "Refunded", text: "Your payment was given back." },
    returned: {
      title: "Payment returned",
      text: "Your payment was taken back. Please ask the shop what happens next.",
    },
    failed: { title: "The payment failed", text: "Nothing was paid. Please try again in the shop." },
    checking: { title: "Being checked", text: "The shop is looking into it. There is nothing for you to do." },
    canceled: { title: "Canceled", text: "This order was canceled." },
    expired: { title: "Expired", text: "This order was not paid in time. Please order again." },
  },
  items: "Items",
  quantity: "Quantity",
  amount: "Amount",
  total: "Total",
  paid: "Paid",
  refunded: "Refunded",
  due: "Still to pay",
  orderedAt: "Ordered",
  paidAt: "Paid on",
  payUntil: "Pay until",
  changedAt: "Last change",
  back: "Back to the shop",
  test: "This is a test order: no real money.",
  live: "This page follows your order by itself.",
  reload: "Reload this page to see what is new.",
  downloads: "Downloads",
  download: {
    ready: "Download",
    unpaid: "Here once your payment has arrived",
    paused: "Not available at the moment",
    revoked: "No longer available",
    expired: "Expired",
    used_up: "Used up",
  },
  downloadsLeft: (count, until) => `${count} ${count === 1 ? "download" : "downloads"} left, until ${until}`,
  licenses: "License keys",
  licensesMissing: "Your license keys are on their way. They will appear here, and we will write to you.",
  notices: {
    notFound: {
      title: "There is nothing here",
      text: "Please open the link as you got it: a character may be missing.",
    },
    unavailable: { title: "Not available right now", text: "Your order is safe. Please try again in a minute." },
    unpaid: { title: "Not paid yet", text: "You can download this as soon as your payment has arrived." },
    paused: {
      title: "Not available at the moment",
      text: "Your payment is being looked into. The link works again when that is settled.",
    },
    revoked: { title: "No longer available", text: "The payment for this was given back, so it can't be downloaded." },
    expired: { title: "This link has expired", text: "Please ask the shop to renew it." },
    used_up: { title: "Downloaded too often", text: "Please ask the shop to renew the link." },
  },
};

const GERMAN: Words = {
  order: "Bestellung",
  statuses: {
    waiting: { title: "Warten auf Ihre Zahlung", text: "Uns wurde noch keine Zahlung gemeldet." },
    action: {
      title: "Ihre Zahlung braucht Sie noch",
      text: "Bitte schließen Sie die Zahlung dort ab, wo Sie sie begonnen haben.",
    },
    processing: { title: "Ihre Zahlung ist unterwegs", text: "Sie müssen nichts mehr tun. Das kann etwas dauern." },
    partly_paid: { title: "Teilweise bezahlt", text: "Ein Teil ist angekommen. Der Rest ist noch offen." },
    paid: { title: "Bezahlt", text: "Vielen Dank. Ihre Zahlung ist angekommen." },
    partly_refunded: { title: "Teilweise erstattet", text: "Ein Teil Ihrer Zahlung wurde zurückgegeben." },
    refunded: { title: "Erstattet", text: "Ihre Zahlung wurde zurückgegeben." },
    returned: {
      title: "Zahlung zurückgebucht",
      text: "Ihre Zahlung wurde zurückgeholt. Bitte fragen Sie den Shop, wie es weitergeht.",
    },
    failed: {
      title: "Die Zahlung ist fehlgeschlagen",
      text: "Es wurde nichts bezahlt. Bitte versuchen Sie es im Shop noch einmal.",
    },
    checking: { title: "Wird geprüft", text: "Der Shop sieht es sich an. Sie müssen nichts tun." },
    canceled: { title: "Storniert", text: "Diese Bestellung wurde storniert." },
    expired: {
      title: "Abgelaufen",
      text: "Diese Bestellung wurde nicht rechtzeitig bezahlt. Bitte bestellen Sie noch einmal.",
    },
  },
  items: "Artikel",
  quantity: "Menge",
  amount: "Betrag",
  total: "Summe",
  paid: "Bezahlt",
  refunded: "Erstattet",
  due: "Noch offen",
  orderedAt: "Bestellt",
  paidAt: "Bezahlt am",
  payUntil: "Zahlbar bis",
  changedAt: "Letzte Änderung",
  back: "Zurück zum Shop",
  test: "Dies ist eine Testbestellung: kein echtes Geld.",
  live: "Diese Seite folgt Ihrer Bestellung von selbst.",
  reload: "Laden Sie die Seite neu, um zu sehen, was es Neues gibt.",
  downloads: "Downloads",
  download: {
    ready: "Herunterladen",
    unpaid: "Verfügbar, sobald Ihre Zahlung angekommen ist",
    paused: "Zurzeit nicht verfügbar",
    revoked: "Nicht mehr verfügbar",
    expired: "Abgelaufen",
    used_up: "Aufgebraucht",
  },
  downloadsLeft: (count, until) => `noch ${count}-mal, bis ${until}`,
  licenses: "Lizenzschlüssel",
  licensesMissing: "Ihre Lizenzschlüssel sind unterwegs. Sie erscheinen hier, und wir schreiben Ihnen.",
  notices: {
    notFound: {
      title: "Hier ist nichts",
      text: "Bitte öffnen Sie den Link so, wie Sie ihn erhalten haben: Vielleicht fehlt ein Zeichen.",
    },
    unavailable: {
      title: "Gerade nicht erreichbar",
      text: "Ihre Bestellung ist sicher. Bitte versuchen Sie es in einer Minute noch einmal.",
    },
    unpaid: { title: "Noch nicht bezahlt", text: "Sie können es herunterladen, sobald Ihre Zahlung angekommen ist." },
    paused: {
      title: "Zurzeit nicht verfügbar",
      text: "Ihre Zahlung wird geprüft. Danach funktioniert der Link wieder.",
    },
    revoked: {
      title: "Nicht mehr verfügbar",
      text: "Die Zahlung dafür wurde zurückgegeben, deshalb kann es nicht heruntergeladen werden.",
    },
    expired: { title: "Dieser Link ist abgelaufen", text: "Bitte bitten Sie den Shop, ihn zu erneuern." },
    used_up: { title: "Zu oft heruntergeladen", text: "Bitte bitten Sie den Shop, den Link zu erneuern." },
  },
};

export const WORDS: Readonly<Record<Language, Words>> = { en: ENGLISH, de: GERMAN };

/** How many languages of a header are looked at. */
const MAX_RANGES = 20;

/** Of what the browser asks for (RFC 9110 §12.5.4) the most wanted that we speak, else the buyer's own, else English. */
export function languageOf(accepted: string | undefined, locale: string | null): Language {
  const ranges = (accepted ?? "").split(",", MAX_RANGES).map((range) => {
    const [tag = "", ...parameters] = range.split(";").map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? "1";
    return { language: spoken(tag), weight: Number(weight) || 0 };
  });
  const best = ranges.filter(({ language, weight }) => language !== null && weight > 0);
  const [first] = best.sort((left, right) => right.weight - left.weight);
  return first?.language ?? spoken(locale ?? "") ?? "en";
}

function spoken(tag: string): Language | null {
  const [primary = ""] = tag.toLowerCase().split("-", 1);
  return primary === "en" || primary === "de" ? primary : null;
}
