import type { Delivered } from "../courier.ts";
import { domainOf, type Mailbox } from "./address.ts";
import type { SmtpSettings } from "./mail-settings.ts";
import { oneLine } from "./words.ts";

/** One mail to one address, ready to be sent. */
export interface Letter {
  /** The delivery's: the Message-ID is made of it, so that whoever gets a mail twice can tell. */
  readonly id: string;
  /** As `readAddress` returned it. */
  readonly to: string;
  readonly language: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachment: { readonly fileName: string; readonly pdf: Uint8Array } | null;
}

export interface MailerParts {
  readonly smtp: SmtpSettings;
  readonly from: Mailbox;
  readonly now: () => Date;
  /** For one mail with all its connecting; the server's steps have bounds of their own below it. */
  readonly timeoutMs?: number;
}

export type MailFailure =
  | "unreachable"
  | "timeout"
  | "stopped"
  | "tls_failed"
  | "auth_failed"
  | "try_later"
  | "sender_refused"
  | "server_refused";

export type MailRefusal = "recipient_refused" | "message_refused";

const TIMEOUT_MS = 25_000;
const MAX_ANSWER = 256;

/** The way out to the mail server: few connections, kept while there is mail, each step bounded in time. */
export class Mailer {
  readonly #parts: MailerParts;
  #transport: ReturnType<typeof openTransport> | null = null;

  constructor(parts: MailerParts) {
    this.#parts = parts;
  }

  async send(letter: Letter, signal: AbortSignal): Promise<Delivered> {
    const { smtp, from, now, timeoutMs = TIMEOUT_MS } = this.#parts;
    const deadline = AbortSignal.timeout(timeoutMs);
    this.#transport ??= openTransport(smtp);
    const transport = await this.#transport;
    try {
      const { response } = await transport.sendMail({
        from: { name: from.name, address: from.address },
        to: { name: "", address: letter.to },
        envelope: { from: from.address, to: letter.to },
        messageId: `<${letter.id}@${domainOf(from.address)}>`,
        date: now(),
        subject: letter.subject,
        text: letter.text,
        html: letter.html,
        // RFC 3834: no out-of-office notes to it. The second is Exchange's word for the same.
        headers: {
          "Auto-Submitted": "auto-generated",
          "X-Auto-Response-Suppress": "All",
          "Content-Language": letter.language,
        },
        attachments: letter.attachment
          ? [
              {
                filename: letter.attachment.fileName,
                content: Buffer.from(letter.attachment.pdf),
                contentType: "application/pdf",
              },
            ]
          : [],
        signal: AbortSignal.any([signal, deadline]),
      });
      return { kind: "delivered", answer: shown(response) };
    } catch (error) {
      if (signal.aborted) return failed("stopped", "");
      if (deadline.aborted) return failed("timeout", "");
      return outcomeOf(error);
    }
  }

  /** What is under way is cut off. */
  close(): void {
    void this.#transport?.then((transport) => transport.close());
  }
}

/** nodemailer is loaded for the first mail: a start takes no time for it, and who sends none has no memory for it. */
async function openTransport({ host, port, tls, credentials }: SmtpSettings) {
  const { createTransport } = await import("nodemailer");
  return createTransport({
    pool: true,
    host,
    port,
    secure: tls === "from_the_start",
    requireTLS: tls === "required",
    ...(credentials && { auth: { user: credentials.user, pass: credentials.password } }),
    tls: { minVersion: "TLSv1.2" },
    maxConnections: 3,
    maxMessages: 100,
    // Whether to send again is the delivery's schedule, and nobody else's.
    maxRequeues: 0,
    idleTimeout: 30_000,
    dnsTimeout: 5_000,
    connectionTimeout: 8_000,
    greetingTimeout: 8_000,
    socketTimeout: 15_000,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  });
}

/** nodemailer's errors: what went wrong in its word, the command that was answered, and the answer. */
interface SmtpError {
  readonly message: string;
  readonly code: string;
  readonly command: string;
  /** 0 where the server said nothing. */
  readonly responseCode: number;
  readonly response: string;
  /** Node.js's own code, where it was a connection that failed. */
  readonly originalCode: string;
}

function outcomeOf(thrown: unknown): Delivered {
  const error = readError(thrown);
  const answer = shown(error.response || error.message);
  const refusal = refusalOf(error);
  if (refusal !== null) return { kind: "refused", reason: refusal, answer, gone: false };
  const failure = failed(failureOf(error), answer);
  return isAboutMail(error) ? { ...failure, isOwn: true } : failure;
}

/** Permanent answers about this mail. 503 says that the session went wrong, not the mail. */
function refusalOf({ code, command, responseCode }: SmtpError): MailRefusal | null {
  if (code === "EENVELOPE" && command === "API") return "recipient_refused";
  if (responseCode < 500 || responseCode === 503) return null;
  if (command === "RCPT TO") return "recipient_refused";
  return command === "DATA" ? "message_refused" : null;
}

/** What may pass, or be mended in the configuration. */
function failureOf({ code, command, responseCode, originalCode }: SmtpError): MailFailure {
  if (code === "ETLS" || /CERT|SIGNATURE|ALTNAME|SSL|TLS/.test(originalCode)) return "tls_failed";
  if (code === "EAUTH" || code === "ENOAUTH") return "auth_failed";
  if (responseCode >= 400 && responseCode < 500) return "try_later";
  if (command === "MAIL FROM" && responseCode >= 500) return "sender_refused";
  if (code === "ETIMEDOUT") return "timeout";
  return responseCode > 0 || code === "EPROTOCOL" ? "server_refused" : "unreachable";
}

/** One mailbox is full, or one buyer's server wants to be asked again: the mail server itself is well. */
function isAboutMail({ command, responseCode }: SmtpError): boolean {
  return responseCode >= 400 && responseCode !== 421 && (command === "RCPT TO" || command === "DATA");
}

function failed(reason: MailFailure, answer: string): Extract<Delivered, { kind: "failed" }> {
  return { kind: "failed", reason, answer, retryAfterMs: null };
}

function readError(thrown: unknown): SmtpError {
  const member = (name: string): unknown =>
    typeof thrown === "object" && thrown !== null ? Reflect.get(thrown, name) : undefined;
  const text = (name: string): string => {
    const value = member(name);
    return typeof value === "string" ? value : "";
  };
  const responseCode = member("responseCode");
  return {
    message: text("message"),
    code: text("code"),
    command: text("command"),
    responseCode: typeof responseCode === "number" ? responseCode : 0,
    response: text("response"),
    originalCode: text("originalCode"),
  };
}

/** Mail servers repeat the address they refuse. */
function shown(answer: string): string {
  const words = oneLine(answer, 1_000).split(" ");
  return words
    .map((word) => (word.includes("@") ? "[address]" : word))
    .join(" ")
    .slice(0, MAX_ANSWER);
}
