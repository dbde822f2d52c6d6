import type { NewReceiver } from "../../store/outbox.ts";
import type { Store } from "../../store/store.ts";
import type { Courier } from "../courier.ts";
import { MailCourier, type MailCourierParts } from "./courier.ts";
import type { MailSettings } from "./mail-settings.ts";
import { Mailer } from "./mailer.ts";
import { describedMessages } from "./preview.ts";
import { loadTemplates } from "./templates.ts";

export interface Mail {
  /** Both mailboxes as receivers, disabled where nothing is sent to them: what the outbox is to know at start. */
  readonly receivers: readonly NewReceiver[];
  /** Null where no mail goes out. */
  courier(parts: MailWiring): Courier | null;
  /** What is under way is cut off. */
  close(): void;
}

/** What is there only once the database is open. */
export interface MailWiring extends Pick<MailCourierParts, "receipts" | "buyerUrl" | "downloadUrl"> {
  readonly store: Pick<Store, "read" | "outbox" | "goods">;
}

export type MailAnswer =
  | { readonly ok: true; readonly mail: Mail }
  | { readonly ok: false; readonly problems: readonly string[] };

/** A mail server bears more, but a bulk of mails at once looks like spam. */
const MAILS_A_SECOND = 10;

/** Reads the templates, if mail goes out or some were given, and makes ready to send; connects only when there is something to. */
export function openMail({ settings, now }: { settings: MailSettings; now: () => Date }): MailAnswer {
  const { smtp, from, merchant, language, buyerEvents, merchantEvents } = settings;
  if (smtp === null && settings.templates === null) return { ok: true, mail: NO_MAIL };
  const loaded = loadTemplates({ folder: settings.templates, language, from, messages: describedMessages() });
  if (!loaded.ok) return loaded;
  const mailer = smtp === null || from === null ? null : new Mailer({ smtp, from, now });
  const receivers = [
    mailbox("mail:buyer", "the buyer, by mail", buyerEvents, mailer !== null),
    mailbox("mail:merchant", "the merchant, by mail", merchantEvents, mailer !== null && merchant !== null),
  ];
  const courier = ({ store, ...wiring }: MailWiring): Courier | null =>
    mailer === null
      ? null
      : new MailCourier({
          ...{
            read: store.read,
            goods: store.goods,
            now,
            templates: loaded.templates,
            merchant,
            language,
            merchantEvents,
            ...wiring,
          },
          isEnabled: async (receiver) => (await store.outbox.receiver(receiver))?.state === "enabled",
          send: (letter, signal) => mailer.send(letter, signal),
        });
  return { ok: true, mail: { receivers, courier, close: () => mailer?.close() } };
}

const NO_MAIL: Mail = {
  receivers: [
    mailbox("mail:buyer", "the buyer, by mail", [], false),
    mailbox("mail:merchant", "the merchant, by mail", [], false),
  ],
  courier: () => null,
  close: () => undefined,
};

function mailbox(id: string, description: string, events: readonly string[], isOpen: boolean): NewReceiver {
  const state = isOpen && events.length > 0 ? "enabled" : "disabled";
  return { id, kind: "mail", description, events, live: null, url: null, secrets: [], rate: MAILS_A_SECOND, state };
}
