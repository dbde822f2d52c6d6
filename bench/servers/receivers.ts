import { createServer } from "node:http";
import { SMTPServer } from "smtp-server";

/** A merchant's endpoint that takes whatever is sent to it at once, on PORT, and a mail server that does the same, on SMTP_PORT. */

const { HOST = "127.0.0.1", PORT = "0", SMTP_PORT = "0" } = process.env;

createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(request.method === "GET" ? 200 : 204).end());
}).listen(Number(PORT), HOST);

new SMTPServer({
  authOptional: true,
  disabledCommands: ["STARTTLS", "AUTH"],
  onData: (stream, _session, done) => {
    stream.resume().on("end", () => done());
  },
}).listen(Number(SMTP_PORT), HOST);

process.once("SIGTERM", () => process.exit(0));
