import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { loadConfig } from "../config/config.ts";
import { readAddress } from "../outbox/mail/address.ts";
import type { MailSettings } from "../outbox/mail/mail-settings.ts";
import { Mailer } from "../outbox/mail/mailer.ts";
import { describedMessages, type Preview, previews } from "../outbox/mail/preview.ts";
import { loadTemplates } from "../outbox/mail/templates.ts";
import { FAILED } from "./opening.ts";

const now = (): Date => new Date();
const OPTIONS = { out: { type: "string" }, send: { type: "string" } } as const;
const DEFAULT_FOLDER = "mail-preview";

/** `paybell mail-preview`: 0 written (and sent), 1 the templates have mistakes or a mail was not taken, 2 it could not be done. */
export async function mailPreviewCommand(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  const answer = loadConfig();
  if (options === null) return FAILED;
  if (!answer.ok) return refuse(FAILED, "the configuration is wrong:", answer.problems);
  const { mail } = answer.config;
  const loaded = loadTemplates({ ...mail, folder: mail.templates, messages: describedMessages() });
  if (!loaded.ok) return refuse(1, "the templates have mistakes:", loaded.problems);
  const messages = previews(loaded.templates);
  write(options.out, messages);
  return options.send === null ? 0 : send(mail, options.send, messages);
}

function write(folder: string, messages: readonly Preview[]): void {
  for (const { name, language, subject, html, text } of messages) {
    mkdirSync(join(folder, language), { recursive: true });
    writeFileSync(join(folder, language, `${name}.html`), html);
    writeFileSync(join(folder, language, `${name}.txt`), `Subject: ${subject}\n\n${text}`);
  }
  process.stdout.write(`${messages.length} messages as .html and .txt in ${folder}\n`);
}

async function send(mail: MailSettings, to: string, messages: readonly Preview[]): Promise<number> {
  const address = readAddress(to);
  if (address === null) return refuse(FAILED, "--send needs an e-mail address", []);
  const { smtp, from } = mail;
  if (smtp === null || from === null) return refuse(FAILED, "--send needs SMTP_URL and MAIL_FROM", []);
  const mailer = new Mailer({ smtp, from, now });
  let status = 0;
  for (const { name, language, ...parts } of messages) {
    const id = `preview-${language}-${name}-${now().getTime()}`;
    const answer = await mailer.send(
      { ...parts, id, to: address, language, attachment: null },
      new AbortController().signal,
    );
    if (answer.kind === "delivered") continue;
    const why = "answer" in answer ? `${answer.reason} ${answer.answer}`.trim() : answer.reason;
    status = refuse(1, `${language}/${name} was not taken: ${why}`, []);
  }
  mailer.close();
  return status;
}

function readOptions(args: readonly string[]): { readonly out: string; readonly send: string | null } | null {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
    return { out: values.out ?? DEFAULT_FOLDER, send: values.send ?? null };
  } catch (error) {
    refuse(FAILED, error instanceof Error ? error.message : String(error), []);
    return null;
  }
}

function refuse(status: number, what: string, problems: readonly string[]): number {
  process.stderr.write(`paybell: ${what}\n${problems.map((one) => `  - ${one}\n`).join("")}`);
  return status;
}
