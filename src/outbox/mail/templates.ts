import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import mustache from "mustache";
import { PROJECT } from "../../project.ts";
import { domainOf, type Mailbox } from "./address.ts";
import type { Value, Values } from "./message.ts";
import { oneLine } from "./words.ts";

/**
 * The texts of the mails: `<language>/<message>.html` and `.txt`, and parts that they share in `parts/` and
 * `<language>/parts/`. The merchant's folder lies over the shipped one, file by file. All are read and checked at start:
 * mustache has no logic and runs no code, and a name that a message does not have is a mistake, not an empty place.
 */

const SHIPPED = fileURLToPath(new URL("mails", PROJECT));

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

type Format = "html" | "txt";

interface Template {
  /** Where a person finds it. */
  readonly path: string;
  readonly text: string;
}

/** A message by its templates' name, with everything that they may show. */
export interface Described {
  readonly name: string;
  readonly sample: Values;
}

export type TemplatesAnswer =
  | { readonly ok: true; readonly templates: Templates }
  | { readonly ok: false; readonly problems: readonly string[] };

const SAMPLE_SHOP: Mailbox = { name: "Your shop", address: "shop@example.com" };
const MAX_FILE = 256 * 1024;
const MAX_DEPTH = 5;
const MAX_SUBJECT = 200;
/** Of every language, so that whatever is asked for there is a text. */
const LAST_RESORT = "en";

/** Reads both folders. Each problem names its file, and the line where there is one. */
export function loadTemplates(parts: {
  readonly folder: string | null;
  readonly language: string;
  /** Whom mail comes from; null where that is not known yet. */
  readonly from: Mailbox | null;
  readonly messages: readonly Described[];
}): TemplatesAnswer {
  const names = new Set(parts.messages.map(({ name }) => name));
  const problems: string[] = [];
  const files = new Map<string, Template>();
  for (const folder of [SHIPPED, ...(parts.folder === null ? [] : [parts.folder])]) {
    for (const [place, template] of readFolder(folder, problems)) {
      const [language = "", name = ""] = place.split("/");
      if (!place.includes("/parts/") && language !== "parts" && !names.has(nameOf(name)))
        problems.push(`${template.path} is the text of no message: there are ${[...names].join(", ")}`);
      files.set(place, template);
    }
  }
  const templates = new Templates(files, parts.language, parts.from ?? SAMPLE_SHOP);
  if (!templates.languages.includes(parts.language)) {
    problems.push(`MAIL_LANGUAGE has no templates: there are ${templates.languages.join(", ")}`);
  }
  problems.push(...parts.messages.flatMap((message) => templates.problemsOf(message)));
  return problems.length > 0 ? { ok: false, problems: [...new Set(problems)] } : { ok: true, templates };
}

export class Templates {
  readonly #files: ReadonlyMap<string, Template>;
  readonly #language: string;
  readonly #shop: Values;
  /** Every language that has a message, sorted. */
  readonly languages: readonly string[];

  constructor(files: ReadonlyMap<string, Template>, language: string, from: Mailbox) {
    this.#files = files;
    this.#language = language;
    this.#shop = { name: from.name === "" ? domainOf(from.address) : from.name, address: from.address };
    const folders = [...files.keys()].map((place) => place.slice(0, place.indexOf("/")));
    this.languages = [...new Set(folders)].filter((folder) => folder !== "parts").sort();
  }

  /** The language in which a message is written for whoever prefers `locale`: its own, a wider one, else the configured one. */
  languageFor(name: string, locale: string | null): string {
    const wider =
      locale === null ? [] : locale.split("-").map((_, index, all) => all.slice(0, all.length - index).join("-"));
    const wanted = [...wider, this.#language];
    return wanted.find((language) => this.#files.has(`${language}/${name}.txt`)) ?? LAST_RESORT;
  }

  render(name: string, language: string, values: Values): Rendered {
    const [subject = "", ...lines] = this.#render(name, language, "txt", values).split("\n");
    return {
      subject: oneLine(subject.replace(/^Subject:/, ""), MAX_SUBJECT),
      text: `${tidy(lines.join("\n"))}\n`,
      html: this.#render(name, language, "html", values),
    };
  }

  /** What is wrong with a message's texts, in all languages that have them. */
  problemsOf({ name, sample }: Described): readonly string[] {
    return this.languages.flatMap((language) => {
      const [html, txt] = (["html", "txt"] as const).map((format) => this.#files.get(`${language}/${name}.${format}`));
      if (!html && !txt) return language === LAST_RESORT ? [`${SHIPPED}/${language}/${name}.txt is missing`] : [];
      if (!html || !txt) return [`${(html ?? txt)?.path} needs the other of the two, ${name}.html and ${name}.txt`];
      const known = this.#withCommon(sample, language);
      const noSubject = /^Subject:[^\n]+\n\n/.test(txt.text)
        ? []
        : [`${txt.path}:1: must be "Subject: …" and an empty line`];
      return [
        ...noSubject,
        ...this.#check(html, language, "html", [known], 0),
        ...this.#check(txt, language, "txt", [known], 0),
      ];
    });
  }

  #render(name: string, language: string, format: Format, values: Values): string {
    const template = this.#files.get(`${language}/${name}.${format}`);
    if (!template) throw new Error(`there is no template ${language}/${name}.${format}`);
    const partial = (part: string) => this.#part(part, language, format)?.text;
    return mustache.render(
      template.text,
      this.#withCommon(values, language),
      partial,
      format === "txt" ? { escape: String } : {},
    );
  }

  /** What every message may show. */
  #withCommon(values: Values, language: string): Values {
    return { ...values, language, shop: this.#shop };
  }

  #part(name: string, language: string, format: Format): Template | undefined {
    return this.#files.get(`${language}/parts/${name}.${format}`) ?? this.#files.get(`parts/${name}.${format}`);
  }

  #check(
    template: Template,
    language: string,
    format: Format,
    stack: readonly Value[],
    depth: number,
  ): readonly string[] {
    const at = (index: number) => `${template.path}:${template.text.slice(0, index).split("\n").length}`;
    const walk = (tokens: readonly Token[], seen: readonly Value[]): readonly string[] =>
      tokens.flatMap(([kind, name, index, , inner]) => {
        if (kind === "text" || kind === "!") return [];
        if (kind === ">") return this.#checkPart(name, at(index), { language, format, stack: seen, depth });
        if (kind === "=") return [`${at(index)}: the marks {{ and }} can't be changed`];
        if (kind === "&" && format === "html")
          return [`${at(index)}: {{${name}}} must have two braces: what people typed is escaped`];
        const found = find(name, seen);
        if (found === undefined) return [`${at(index)}: {{${name}}} is not known here`];
        if (typeof inner !== "object") return isText(found) ? [] : [`${at(index)}: {{${name}}} is no text`];
        return walk(inner, kind === "#" ? [...seen, inside(found)] : seen);
      });
    try {
      // Proven by mustache's documentation of its tokens: kind, name, where it begins and ends, and for sections what is inside.
      return walk(mustache.parse(template.text) as unknown as readonly Token[], stack);
    } catch (error) {
      return [parseProblem(template, error)];
    }
  }

  #checkPart(
    name: string,
    at: string,
    { language, format, stack, depth }: { language: string; format: Format; stack: readonly Value[]; depth: number },
  ): readonly string[] {
    const part = this.#part(name, language, format);
    if (!part) return [`${at}: there is no part ${name}.${format}`];
    if (depth >= MAX_DEPTH) return [`${at}: parts are nested too deep`];
    return this.#check(part, language, format, stack, depth + 1);
  }
}

type Token = readonly [kind: string, name: string, start: number, end: number, inner?: readonly Token[] | string];

/** As mustache looks names up: the first part in the innermost that has it, the others within. Undefined: nobody has it. */
function find(name: string, stack: readonly Value[]): Value | undefined {
  if (name === ".") return stack.at(-1);
  const [first = "", ...rest] = name.split(".");
  const holder = stack.findLast((value) => isValues(value) && Object.hasOwn(value, first));
  return [first, ...rest].reduce<Value | undefined>(
    (value, part) => (isValues(value) && Object.hasOwn(value, part) ? value[part] : undefined),
    holder,
  );
}

function inside(value: Value): Value {
  return Array.isArray(value) ? (value[0] ?? null) : value;
}

function isValues(value: Value | undefined): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: Value): boolean {
  return value === null || typeof value === "string";
}

/** mustache tells the place as a number of characters. */
function parseProblem({ path, text }: Template, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, what = message, index = "0"] = /^(.*) at (\d+)$/s.exec(message) ?? [];
  return `${path}:${text.slice(0, Number(index)).split("\n").length}: ${oneLine(what)}`;
}

/** Sections that showed nothing leave empty lines. */
function tidy(text: string): string {
  const lines = text.split("\n").map((line) => line.trimEnd());
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

function nameOf(file: string): string {
  return file.slice(0, file.lastIndexOf("."));
}

const PLACE = /^(?:parts|[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*(?:\/parts)?)\/[a-z0-9-]+\.(?:html|txt)$/;

function readFolder(folder: string, problems: string[]): ReadonlyMap<string, Template> {
  const found = new Map<string, Template>();
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
      const place = name.replaceAll("\\", "/");
      const path = join(folder, name);
      if (!/\.(?:html|txt)$/.test(place)) continue;
      if (!PLACE.test(place))
        problems.push(`${path} is neither <language>/<message>.html or .txt nor in a folder parts`);
      else if (statSync(path).size > MAX_FILE) problems.push(`${path} is larger than ${MAX_FILE} bytes`);
      else found.set(place, { path, text: readFileSync(path, "utf8").replaceAll("\r\n", "\n") });
    }
  } catch (error) {
    problems.push(
      `the templates in ${folder} can't be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return found;
}
