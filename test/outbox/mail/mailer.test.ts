import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { readSmtpUrl } from "../../../src/outbox/mail/mail-settings.ts";
import { type Letter, Mailer } from "../../../src/outbox/mail/mailer.ts";
import { answerWith, startMailServer } from "./mail-server.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const FROM = { name: "Ann's Tea", address: "shop@example.com" };
const NOW = new Date("2026-11-26T14:05:00Z");
const LETTER: Letter = {
  id: "dlv_01kb3f5s7q0000000000000000",
  to: "buyer.canary@example.org",
  language: "en",
  subject: "Your order 1001 is paid",
  text: "Thank you.\n",
  html: "<p>Thank you.</p>",
  attachment: null,
};

function mailerTo(url: string, options: { readonly timeoutMs?: number } = {}): Mailer {
  const smtp = readSmtpUrl(url);
  if (smtp === null) throw new Error(`${url} is no SMTP address`);
  const mailer = new Mailer({ smtp, from: FROM, now: () => NOW, ...options });
  closing.push(() => mailer.close());
  return mailer;
}

async function serverWith(options: SMTPServerOptions = {}) {
  const server = await startMailServer(options);
  closing.push(() => server.close());
  return server;
}

const send = (mailer: Mailer, letter: Letter = LETTER) => mailer.send(letter, new AbortController().signal);

describe("a mail that is taken", () => {
  test("arrives as text and HTML, with its file, from the shop, to one address, marked as written by a machine", async () => {
    const server = await serverWith();
    const pdf = new TextEncoder().encode("%PDF-1.7 …");
    const answer = await send(mailerTo(server.url), { ...LETTER, attachment: { fileName: "Quittung 7 – ü.pdf", pdf } });
    expect(answer).toEqual({ kind: "delivered", answer: "250 kept" });
    const [mail] = server.received;
    expect(mail).toMatchObject({ from: "shop@example.com", to: ["buyer.canary@example.org"] });
    expect(mail?.email).toMatchObject({
      subject: "Your order 1001 is paid",
      messageId: "<dlv_01kb3f5s7q0000000000000000@example.com>",
      from: FROM,
      to: [{ name: "", address: "buyer.canary@example.org" }],
      date: "2026-11-26T14:05:00.000Z",
      attachments: [{ filename: "Quittung 7 – ü.pdf", mimeType: "application/pdf" }],
    });
    expect([mail?.email.text?.trim(), mail?.email.html?.trim()]).toEqual(["Thank you.", "<p>Thank you.</p>"]);
    expect(mail?.email.cc ?? []).toEqual([]);
    const headers = new Map(mail?.email.headers.map(({ key, value }) => [key, value]));
    expect(headers.get("auto-submitted")).toBe("auto-generated");
  });

  test("is sent again under the same Message-ID, when nobody knows that it was taken", async () => {
    const server = await serverWith();
    for (const mailer of [mailerTo(server.url), mailerTo(server.url)]) await send(mailer);
    expect(server.received.map(({ email }) => email.messageId)).toEqual([
      "<dlv_01kb3f5s7q0000000000000000@example.com>",
      "<dlv_01kb3f5s7q0000000000000000@example.com>",
    ]);
  });

  test("has no header and no recipient that a subject brings along", async () => {
    const server = await serverWith();
    const evil = "paid\r\nBcc: everybody@example.com\r\n\r\n<script>";
    await send(mailerTo(server.url), { ...LETTER, subject: evil });
    const [mail] = server.received;
    expect(mail?.to).toEqual(["buyer.canary@example.org"]);
    expect(mail?.email.bcc ?? []).toEqual([]);
    expect(mail?.raw.split("\r\n\r\n", 1)[0]).not.toMatch(/^Bcc:/im);
  });

  test("with a password is sent to a server that asks for one", async () => {
    const logins: unknown[] = [];
    const server = await serverWith({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, answer) => {
        logins.push([username, password]);
        answer(null, { user: username ?? "" });
      },
    });
    const url = server.url.replace("smtp://", "smtp://shop%40example.com:p%40ss%2Fw%C3%B6rd@");
    expect((await send(mailerTo(url))).kind).toBe("delivered");
    expect(logins).toEqual([["shop@example.com", "p@ss/wörd"]]);
  });
});

describe("a mail that is not taken", () => {
  test.each<[string, SMTPServerOptions, object]>([
    [
      "greylisted",
      { onRcptTo: (_address, _session, answer) => answer(answerWith(451, "4.7.1 come back later")) },
      { kind: "failed", reason: "try_later", retryAfterMs: null, isOwn: true },
    ],
    [
      "put off after its contents",
      {
        onData: (stream, _session, answer) =>
          stream.resume().on("end", () => answer(answerWith(452, "4.3.1 disk full"))),
      },
      { kind: "failed", reason: "try_later" },
    ],
    [
      "for nobody there",
      {
        onRcptTo: ({ address }, _session, answer) => answer(answerWith(550, `5.1.1 <${address}>: user unknown`)),
      },
      { kind: "refused", reason: "recipient_refused", answer: "550 5.1.1 [address] user unknown", gone: false },
    ],
    [
      "refused for its contents",
      { onData: (stream, _session, answer) => stream.resume().on("end", () => answer(answerWith(554, "5.7.1 spam"))) },
      { kind: "refused", reason: "message_refused" },
    ],
    [
      "refused for its sender",
      { onMailFrom: (_address, _session, answer) => answer(answerWith(550, "5.7.1 not yours")) },
      { kind: "failed", reason: "sender_refused" },
    ],
    [
      "turned away at the door",
      { onConnect: (_session, answer) => answer(answerWith(554, "no service")) },
      { kind: "failed", reason: "server_refused" },
    ],
  ])("because it is %s says so without the address", async (_name, options, expected) => {
    const server = await serverWith(options);
    const answer = await send(mailerTo(server.url));
    expect(answer).toMatchObject(expected);
    expect(JSON.stringify(answer)).not.toContain("buyer.canary");
    expect(server.received).toEqual([]);
  });

  test("because the password is wrong may be mended, and nothing shows it", async () => {
    const server = await serverWith({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_login, _session, answer) => answer(answerWith(535, "5.7.8 wrong")),
    });
    const answer = await send(mailerTo(server.url.replace("smtp://", "smtp://shop:hunter2secret@")));
    expect(answer).toMatchObject({ kind: "failed", reason: "auth_failed" });
    expect(JSON.stringify(answer)).not.toContain("hunter2secret");
  });

  test("because nobody listens is tried again", async () => {
    const server = await startMailServer();
    await server.close();
    expect(await send(mailerTo(server.url))).toMatchObject({ kind: "failed", reason: "unreachable" });
  });

  test.each(["smtp", "smtps"])(
    "because the certificate of %s is nobody's we know is tried again, and no word was said",
    async (scheme) => {
      const server = await serverWith({ disabledCommands: [], secure: scheme === "smtps" });
      const url = `${scheme}://127.0.0.1:${server.port}${scheme === "smtp" ? "?tls=required" : ""}`;
      expect(await send(mailerTo(url))).toMatchObject({ kind: "failed", reason: "tls_failed" });
      expect(server.received).toEqual([]);
    },
  );

  test("because TLS is required and not offered is tried again", async () => {
    const server = await serverWith();
    expect(await send(mailerTo(`${server.url}?tls=required`))).toMatchObject({ kind: "failed", reason: "tls_failed" });
  });

  test("because the server hangs after the contents is given up in time, and the next one gets through", async () => {
    let isHanging = true;
    const server = await serverWith({
      onData: (stream, _session, answer) =>
        stream.resume().on("end", () => {
          if (!isHanging) answer(null, "kept");
        }),
    });
    const mailer = mailerTo(server.url, { timeoutMs: 400 });
    expect(await send(mailer)).toEqual({ kind: "failed", reason: "timeout", answer: "", retryAfterMs: null });
    isHanging = false;
    expect((await send(mailer)).kind).toBe("delivered");
  });

  test.each<[string, (socket: Socket) => void]>([
    ["says nothing", () => undefined],
    [
      "drips a greeting that never ends",
      (socket) => {
        const timer = setInterval(() => socket.write("220-wait\r\n"), 50);
        socket.on("close", () => clearInterval(timer));
      },
    ],
  ])("because the server %s is given up in time", async (_name, onConnection) => {
    const port = await plainServer(onConnection);
    const began = performance.now();
    const answer = await send(mailerTo(`smtp://127.0.0.1:${port}`, { timeoutMs: 400 }));
    expect(answer).toMatchObject({ kind: "failed", reason: "timeout" });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test("because the process stops ends at once", async () => {
    const port = await plainServer(() => undefined);
    const stop = new AbortController();
    const began = performance.now();
    const sending = mailerTo(`smtp://127.0.0.1:${port}`).send(LETTER, stop.signal);
    setTimeout(() => stop.abort(), 100);
    expect(await sending).toMatchObject({ kind: "failed", reason: "stopped" });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("because the server hangs holds up no more than its few connections, and each only for its time", async () => {
    const port = await plainServer(() => undefined);
    const mailer = mailerTo(`smtp://127.0.0.1:${port}`, { timeoutMs: 300 });
    const began = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(mailer)));
    expect(answers.every(({ kind }) => kind === "failed")).toBe(true);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("SMTP_URL", () => {
  test.each([
    ["smtp://mail.example.com", { host: "mail.example.com", port: 587, tls: "if_offered", credentials: null }],
    ["smtps://mail.example.com", { port: 465, tls: "from_the_start" }],
    [
      "smtp://ann:secret@mail.example.com:25",
      { port: 25, tls: "required", credentials: { user: "ann", password: "secret" } },
    ],
    ["smtp://ann:secret@127.0.0.1", { tls: "if_offered" }],
    ["smtp://ann:secret@relay?tls=if_offered", { tls: "if_offered" }],
    ["smtp://[::1]:2525?tls=required", { host: "::1", port: 2525, tls: "required" }],
  ])("%s is read", (url, expected) => {
    expect(readSmtpUrl(url)).toMatchObject(expected);
  });

  test.each([
    "mail.example.com",
    "http://mail.example.com",
    "smtp://",
    "smtp://mail.example.com/inbox",
    "smtp://mail.example.com?tls=off",
    "smtp://mail.example.com?pool=true",
    "smtp://a:%E0%A4@mail.example.com",
  ])("%s is refused", (url) => {
    expect(readSmtpUrl(url)).toBeNull();
  });
});

async function plainServer(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // Proven: a listening TCP server has an address of this form.
  return (server.address() as AddressInfo).port;
}
