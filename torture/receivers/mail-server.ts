import { once } from "node:events";
import type { Socket } from "node:net";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import type { Random } from "../random.ts";

/** A true mail server on loopback that keeps what it took, with moods. */

/**
 * `refusing`: 451, to a sender or to a mail. `hanging`: no word once it has a mail. `cutting`: it took the mail, and the
 * connection breaks before it could say so.
 */
export type MailMood = "well" | "refusing" | "hanging" | "cutting";

export interface Mail {
  /** `dlv_…@shop.example`, without brackets. */
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
}

export interface MailServer {
  readonly url: string;
  mood: MailMood;
  /** What it took, whether it could say so or not. */
  readonly mails: readonly Mail[];
  /** It is well again, and no mail is kept hanging. */
  heal(): void;
  close(): Promise<void>;
}

/** Of the mails that come while it is in a mood. A breaker opens all the same, and others get through. */
const AFFECTED = 0.6;

export async function startMailServer(random: Random): Promise<MailServer> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const isHit = (mood: MailMood): boolean => mailServer.mood === mood && random.isTrue(AFFECTED);
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    onMailFrom: (_address, _session, answer) =>
      isHit("refusing") && random.isTrue(0.5) ? answer(later("try again later")) : answer(),
    onData: (stream, session, answer) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (isHit("refusing")) return answer(later("this mail a little later"));
        if (isHit("hanging")) return;
        const isCut = isHit("cutting");
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        void headOf(Buffer.concat(chunks)).then((head) => {
          mails.push({ ...head, to });
          if (!isCut) return answer(null, "kept");
          for (const socket of sockets) if (socket.remotePort === session.remotePort) socket.destroy();
        });
      });
    },
  });
  // Connections break off: servers are killed here.
  server.on("error", () => undefined);
  server.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  const disconnect = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const mailServer: MailServer = {
    url: `smtp://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    mood: "well",
    mails,
    heal: () => {
      mailServer.mood = "well";
      disconnect();
    },
    close: () => {
      disconnect();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return mailServer;
}

function later(message: string): Error {
  return Object.assign(new Error(message), { responseCode: 451 });
}

/** Without the body: a receipt in it is large, and nobody reads it here. */
async function headOf(raw: Buffer): Promise<Pick<Mail, "messageId" | "subject">> {
  const { messageId = "", subject = "" } = await PostalMime.parse(raw.subarray(0, raw.indexOf("\r\n\r\n") + 4));
  return { messageId: messageId.replace(/^<|>$/g, ""), subject };
}
