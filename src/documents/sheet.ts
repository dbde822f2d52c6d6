import type { Font } from "fontkit";
import PDFDocument from "pdfkit";
import type { Fonts } from "./fonts.ts";
import { printable } from "./printable.ts";

/** Pages to write on, from top to bottom, with room kept for a footer. All lengths in points; A4 is 595 × 842. */

export const LEFT = 50;
export const RIGHT = 545;
const TOP = 50;
const BOTTOM = 775;
const FOOTER = 795;
const LINE_GAP = 1;

/** How long the event loop may wait for a document that is being written. */
const BREATH_MS = 8;
/** Ends a document that nobody can be waiting for any more. */
const MAX_MS = 15_000;

const INK = "#1a1a1a";
export const GREY = "#666666";
const PALE = "#d9d9d9";

export interface TextStyle {
  readonly size?: number;
  readonly bold?: boolean;
  readonly color?: string;
  readonly align?: "left" | "right";
}

export interface Box {
  readonly x: number;
  readonly width: number;
}

export interface SheetOptions {
  readonly title: string;
  readonly language: string;
  readonly author: string;
  readonly at: Date;
  readonly fonts: Fonts;
}

export class Sheet {
  /** Where the next thing is written. */
  y = TOP;
  readonly #pdf: PDFKit.PDFDocument;
  readonly #bytes: Promise<Uint8Array>;
  readonly #fonts: Fonts;
  readonly #startedAt = performance.now();
  #breathedAt = this.#startedAt;

  constructor(options: SheetOptions) {
    // Fixed times, and pdfkit makes the file's id of them and the title: the same content is the same bytes.
    const info = { Title: options.title, Author: options.author, CreationDate: options.at, ModDate: options.at };
    this.#pdf = new PDFDocument({
      size: "A4",
      margin: 0,
      bufferPages: true,
      pdfVersion: "1.7",
      lang: options.language,
      displayTitle: true,
      info: { ...info, Creator: "Paybell", Producer: "Paybell" },
    });
    this.#pdf.registerFont("regular", source(options.fonts.regular));
    this.#pdf.registerFont("bold", source(options.fonts.bold));
    this.#fonts = options.fonts;
    this.#bytes = collect(this.#pdf);
  }

  /** Lets others have the event loop now and then; rejects a document that takes for ever. */
  async breathe(): Promise<void> {
    const now = performance.now();
    if (now - this.#startedAt > MAX_MS) throw new Error(`a document was not written within ${MAX_MS} ms`);
    if (now - this.#breathedAt < BREATH_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#breathedAt = performance.now();
  }

  /** Whether the fonts have every letter of it; what they lack is an empty box. */
  canWrite(text: string): boolean {
    const { regular, bold } = this.#fonts;
    const points = [...printable(text)].map((letter) => letter.codePointAt(0) ?? 0);
    return points.every((point) => regular.hasGlyphForCodePoint(point) && bold.hasGlyphForCodePoint(point));
  }

  /** Writes wrapped text at `y` and leaves `y` where it is; returns the text's height. */
  text(given: string, { x, width }: Box, style: TextStyle = {}): number {
    const text = printable(given);
    if (text === "") return 0;
    this.#use(style);
    const options = { width, align: style.align ?? "left", lineGap: LINE_GAP };
    this.#pdf.text(text, x, this.y, options);
    return this.#pdf.y - this.y;
  }

  /** One line, smaller where it would not fit: for amounts, which must not be broken. */
  fitted(given: string, { x, width }: Box, style: TextStyle = {}): void {
    const text = printable(given);
    this.#use(style);
    const natural = this.#pdf.widthOfString(text);
    const size = style.size ?? 9;
    if (natural > width) this.#pdf.fontSize((size * width) / natural);
    const taken = Math.min(natural, width);
    this.#pdf.text(text, style.align === "right" ? x + width - taken : x, this.y, { lineBreak: false });
  }

  heightOf(given: string, width: number, style: TextStyle = {}): number {
    const text = printable(given);
    if (text === "") return 0;
    this.#use(style);
    return this.#pdf.heightOfString(text, { width, lineGap: LINE_GAP });
  }

  rule(color = PALE): void {
    this.#pdf.moveTo(LEFT, this.y).lineTo(RIGHT, this.y).lineWidth(0.5).strokeColor(color).stroke();
  }

  band(height: number, color: string): void {
    this.#pdf.rect(LEFT, this.y, RIGHT - LEFT, height).fill(color);
  }

  hasRoomFor(height: number): boolean {
    return this.y + height <= BOTTOM;
  }

  newPage(): void {
    this.#pdf.addPage();
    this.y = TOP;
  }

  /** Starts a new page unless so much still fits. */
  need(height: number): void {
    if (!this.hasRoomFor(height)) this.newPage();
  }

  /** Writes the footers and the mark (across each page, where there is one), now that the number of pages is known. */
  async finish(footer: (page: number, pages: number) => string, mark: string | null): Promise<Uint8Array> {
    const { start, count } = this.#pdf.bufferedPageRange();
    for (let page = 0; page < count; page += 1) {
      this.#pdf.switchToPage(start + page);
      if (mark !== null) this.#across(mark);
      this.y = FOOTER;
      this.text(footer(page + 1, count), { x: LEFT, width: RIGHT - LEFT }, { size: 8, color: GREY, align: "right" });
      await this.breathe();
    }
    this.#pdf.end();
    return this.#bytes;
  }

  #across(mark: string): void {
    this.#pdf
      .save()
      .rotate(-45, { origin: [297, 421] })
      .fillOpacity(0.08);
    this.#pdf.font("bold").fontSize(150).fillColor("#cc0000");
    this.#pdf.text(mark, 297 - this.#pdf.widthOfString(mark) / 2, 330, { lineBreak: false });
    this.#pdf.restore();
  }

  #use({ size = 9, bold = false, color = INK }: TextStyle): void {
    this.#pdf
      .font(bold ? "bold" : "regular")
      .fontSize(size)
      .fillColor(color);
  }
}

/** Proven: pdfkit takes fontkit's fonts as they are (its changelog, 0.20.0); its types are older. */
function source(font: Font): PDFKit.Mixins.PDFFontSource {
  return font as unknown as PDFKit.Mixins.PDFFontSource;
}

function collect(pdf: PDFKit.PDFDocument): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    pdf.on("data", (chunk: Buffer) => chunks.push(chunk));
    pdf.on("end", () => resolve(Buffer.concat(chunks)));
    pdf.on("error", reject);
  });
}
