import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Value, Values } from "../../../src/outbox/mail/message.ts";
import { MESSAGES } from "../../../src/outbox/mail/messages/index.ts";
import { describedMessages, previews } from "../../../src/outbox/mail/preview.ts";
import { loadTemplates, type Templates } from "../../../src/outbox/mail/templates.ts";
import { wordsOf } from "../../../src/outbox/mail/words.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const FROM = { name: "Ann's Tea", address: "shop@example.com" };

function load(files: Readonly<Record<string, string>> | null, language = "en") {
  const folder = files === null ? null : mkdtempSync(join(tmpdir(), "paybell-mails-"));
  if (folder !== null) folders.push(folder);
  for (const [path, text] of Object.entries(files ?? {})) {
    const file = join(folder ?? "", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return loadTemplates({ folder, language, from: FROM, messages: describedMessages() });
}

function loaded(files: Readonly<Record<string, string>> | null = null): Templates {
  const answer = load(files);
  if (!answer.ok) throw new Error(answer.problems.join("\n"));
  return answer.templates;
}

/** What is wrong, with the temporary folder's name left out. */
function problemsOf(files: Readonly<Record<string, string>>, language?: string): readonly string[] {
  const answer = load(files, language);
  return answer.ok ? [] : answer.problems.map((problem) => problem.replace(`${folders.at(-1)}/`, ""));
}

const SUBJECT = "Subject: Hello\n\n";
const sampleOf = (name: string): Values => {
  const message = MESSAGES.find((each) => each.name === name);
  if (!message) throw new Error(`no message ${name}`);
  return message.sample(wordsOf("en", "en"));
};

describe("the shipped templates", () => {
  test("have every message in English and German, each with a subject, a text and an HTML document", () => {
    const written = previews(loaded());
    expect(written.map(({ language, name }) => `${language}/${name}`).sort()).toEqual(
      ["de", "en"].flatMap((language) => MESSAGES.map(({ name }) => `${language}/${name}`)).sort(),
    );
    for (const { subject, text, html, language } of written) {
      expect(subject.length).toBeGreaterThan(10);
      expect(text).not.toMatch(/Subject:|\{\{|undefined|null|\[object/);
      expect(text).not.toMatch(/\n\n\n/);
      expect(html).toMatch(new RegExp(`^<!doctype html>\\n<html lang="${language}">`));
      expect(html.trimEnd().endsWith("</html>")).toBe(true);
      expect(html).not.toMatch(/\{\{|undefined|\[object/);
      // A mail that loads pictures or scripts tells somebody who read it when.
      expect(html).not.toMatch(/<(img|script|link|iframe|object)\b|url\(/i);
    }
  });

  test("say that it was a test, and nothing of the kind for live money", () => {
    const templates = loaded();
    const live = templates.render("order-paid", "en", { ...sampleOf("order-paid"), test: false });
    expect(live.subject).toBe("Your order 1001 is paid");
    expect(live.text + live.html).not.toContain("This was a test");
    const tested = templates.render("order-paid", "en", sampleOf("order-paid"));
    expect(tested.subject).toBe("[Test] Your order 1001 is paid");
    for (const body of [tested.text, tested.html]) expect(body).toContain("This was a test");
  });

  test("escape in HTML whatever stands in any place, and add no line to the text", () => {
    const evil = `"><script>alert('1')</script>{{order.total}}&amp;`;
    const spoil = (value: Value): Value => {
      if (typeof value === "string") return evil;
      if (Array.isArray(value)) return value.map(spoil) as readonly Values[];
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, spoil(inner)]));
    };
    const templates = loaded();
    for (const { name } of MESSAGES) {
      const { html, text } = templates.render(name, "en", spoil(sampleOf(name)) as Values);
      expect(html).toContain("&lt;script&gt;");
      expect(html).not.toContain("<script>");
      expect(html).not.toMatch(/"><|alert\('/);
      expect(text).toContain("{{order.total}}");
    }
  });

  test("are asked for by the buyer's language, then a wider one, then the configured one", () => {
    const answer = load({}, "de");
    const templates = answer.ok ? answer.templates : null;
    const languages = ["de", "de-AT", "en-GB", "fr", "", "../../etc", null].map((locale) =>
      templates?.languageFor("order-paid", locale),
    );
    expect(languages).toEqual(["de", "de", "en", "de", "de", "de", "de"]);
  });
});

describe("the merchant's own templates", () => {
  test("take the place of the shipped ones, file by file, parts too", () => {
    const templates = loaded({
      "en/order-paid.txt": `${SUBJECT}Paid: {{order.total}}`,
      "parts/footer.html": "<p>Own footer</p>",
      "LIESMICH.md": "notes",
    });
    const mail = templates.render("order-paid", "en", sampleOf("order-paid"));
    expect(mail).toMatchObject({ subject: "Hello", text: "Paid: €1,234.50\n" });
    expect(mail.html).toContain("Own footer");
    expect(mail.html).toContain("Thank you for your payment");
  });

  test("may be in a language of their own, and what that lacks comes in the configured one", () => {
    const templates = loaded({
      "fr/order-paid.txt": "Subject: Commande {{order.reference}}\n\nMerci, {{shop.name}}",
      "fr/order-paid.html": "{{> header}}<p>Merci</p>{{> footer}}",
      "fr/parts/test.html": "<p>Essai</p>",
    });
    expect(templates.languages).toEqual(["de", "en", "fr"]);
    expect(templates.languageFor("order-paid", "fr-CA")).toBe("fr");
    expect(templates.languageFor("payment-failed", "fr-CA")).toBe("en");
    const mail = templates.render("order-paid", "fr", sampleOf("order-paid"));
    expect(mail).toMatchObject({ subject: "Commande 1001", text: "Merci, Ann's Tea\n" });
    expect(mail.html).toContain("<p>Essai</p>");
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "a section that is not closed",
      { "en/order-paid.txt": `${SUBJECT}Hello\n{{#test}}\nTest` },
      'en/order-paid.txt:5: Unclosed section "test"',
    ],
    [
      "a mark that is not closed",
      { "en/order-paid.html": "<p>\n\n{{order.total</p>" },
      "en/order-paid.html:3: Unclosed tag",
    ],
    [
      "a name that the message does not have",
      { "en/order-paid.html": "<p>\n{{order.totl}}</p>" },
      "en/order-paid.html:2: {{order.totl}} is not known here",
    ],
    [
      "a name that every object has",
      { "en/order-paid.html": "{{order.constructor}}" },
      "en/order-paid.html:1: {{order.constructor}} is not known here",
    ],
    [
      "a name of another message in a part",
      { "de/parts/order.html": "\n{{endpoint.host}}" },
      "de/parts/order.html:2: {{endpoint.host}} is not known here",
    ],
    [
      "a list where a text belongs",
      { "en/order-paid.html": "{{order.lines}}" },
      "en/order-paid.html:1: {{order.lines}} is no text",
    ],
    [
      "a part that does not exist",
      { "en/order-paid.html": "{{> heder}}" },
      "en/order-paid.html:1: there is no part heder.html",
    ],
    ["a part within itself", { "parts/footer.html": "{{> footer}}" }, "parts/footer.html:1: parts are nested too deep"],
    [
      "escaping switched off",
      { "en/order-paid.html": "\n{{{order.reference}}}" },
      "en/order-paid.html:2: {{order.reference}} must have two braces: what people typed is escaped",
    ],
    [
      "other marks",
      { "en/order-paid.html": "{{=<% %>=}}" },
      "en/order-paid.html:1: the marks {{ and }} can't be changed",
    ],
    [
      "a text without a subject",
      { "en/order-paid.txt": "Hello" },
      'en/order-paid.txt:1: must be "Subject: …" and an empty line',
    ],
    [
      "a text without its HTML",
      { "fr/order-paid.txt": `${SUBJECT}x` },
      "fr/order-paid.txt needs the other of the two, order-paid.html and order-paid.txt",
    ],
    ["a misspelt message", { "en/order-payed.html": "x" }, "en/order-payed.html is the text of no message"],
    ["a file in no language's folder", { "order-paid.html": "x" }, "order-paid.html is neither <language>/<message>"],
    ["a file that is too large", { "en/order-paid.html": "x".repeat(300_000) }, "en/order-paid.html is larger than"],
  ])("with %s are a mistake that names file and line", (_name, files, problem) => {
    expect(problemsOf(files)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]));
  });

  test("that are not there, or a language without templates, are a mistake", () => {
    expect(problemsOf({}, "fr")).toEqual(["MAIL_LANGUAGE has no templates: there are de, en"]);
    const answer = loadTemplates({
      folder: "/no/such/folder",
      language: "en",
      from: FROM,
      messages: describedMessages(),
    });
    expect(answer).toMatchObject({ ok: false, problems: [expect.stringContaining("/no/such/folder can't be read")] });
  });
});
