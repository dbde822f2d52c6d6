import { once } from "node:events";
import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A real mail server on loopback: keeps what it took, and answers as a test tells it to. */

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  /** As it went over the wire. */
  readonly raw: string;
  readonly email: Email;
}

export interface MailServer {
  readonly port: number;
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

export interface MailServerOptions extends SMTPServerOptions {
  /** Whether it says nothing more once it has a mail. */
  readonly hangs?: () => boolean;
}

export async function startMailServer({ hangs, ...options }: MailServerOptions = {}): Promise<MailServer> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    allowInsecureAuth: true,
    onAuth: ({ username = "" }, _session, answer) => answer(null, { user: username }),
    onData(stream, session, answer) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        const raw = Buffer.concat(chunks);
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          raw: raw.toString("latin1"),
          email: await PostalMime.parse(raw),
        });
        if (!hangs?.()) answer(null, "kept");
      });
    },
    ...options,
  });
  // What clients break off is part of the tests.
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  // Proven: a listening TCP server has an address of this form.
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The one PDF that is attached, and nothing else is. */
export function attachedPdf({ email }: Received): Uint8Array {
  const [attached, ...others] = email.attachments;
  if (attached?.mimeType !== "application/pdf" || others.length > 0) throw new Error("not one PDF is attached");
  if (!(attached.content instanceof ArrayBuffer)) throw new Error("the parser gives attachments as bytes");
  return new Uint8Array(attached.content);
}

/** An answer with its code, as the server library takes it. */
export function answerWith(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
