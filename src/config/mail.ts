import { type Mailbox, readAddress, readMailbox } from "../outbox/mail/address.ts";
import { type MailSettings, readSmtpUrl } from "../outbox/mail/mail-settings.ts";
import type { MailReceiver } from "../outbox/mail/message.ts";
import { MESSAGES } from "../outbox/mail/messages/index.ts";
import type { Notice } from "./account-settings.ts";
import type { Environment } from "./settings.ts";

/** What the settings about mail say together. Each by itself was checked where it was read. */

export function mailSettings(settings: Environment): MailSettings {
  return {
    smtp: settings.SMTP_URL === undefined ? null : readSmtpUrl(settings.SMTP_URL),
    from: mailbox(settings.MAIL_FROM),
    merchant: settings.MAIL_MERCHANT === undefined ? null : readAddress(settings.MAIL_MERCHANT),
    language: settings.MAIL_LANGUAGE ?? "en",
    templates: settings.MAIL_TEMPLATES ?? null,
    buyerEvents: settings.MAIL_BUYER_EVENTS ?? eventsTo("mail:buyer"),
    merchantEvents: settings.MAIL_MERCHANT_EVENTS ?? eventsTo("mail:merchant"),
  };
}

export function mailProblems(settings: Environment): readonly string[] {
  const problems = [
    ...unknownEvents("MAIL_BUYER_EVENTS", settings.MAIL_BUYER_EVENTS, eventsTo("mail:buyer")),
    ...unknownEvents("MAIL_MERCHANT_EVENTS", settings.MAIL_MERCHANT_EVENTS, eventsTo("mail:merchant")),
  ];
  if (settings.SMTP_URL !== undefined && settings.MAIL_FROM === undefined) {
    problems.push("MAIL_FROM is not set: mail has to come from somebody");
  }
  return problems;
}

/** What is set to no effect. */
export function mailNotices(settings: Environment): readonly Notice[] {
  const say = (message: string) => [{ account: "*", gateway: null, message }];
  const isNamed = settings.MAIL_FROM !== undefined || settings.MAIL_MERCHANT !== undefined;
  if (settings.SMTP_URL === undefined) return isNamed ? say("no mail goes out: SMTP_URL is not set") : [];
  return settings.MAIL_MERCHANT === undefined
    ? say("disputes and held payments are mailed to nobody: MAIL_MERCHANT is not set")
    : [];
}

function mailbox(text: string | undefined): Mailbox | null {
  return text === undefined ? null : readMailbox(text);
}

function eventsTo(receiver: MailReceiver): readonly string[] {
  return MESSAGES.filter(({ to }) => to === receiver).map(({ event }) => event);
}

function unknownEvents(name: string, given: readonly string[] = [], known: readonly string[]): readonly string[] {
  if (given.every((event) => known.includes(event))) return [];
  return [`${name} names an event of which there is no mail; there are ${known.join(", ")}, or off`];
}
